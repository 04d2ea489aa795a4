#include "watchdog/service/worker_store.h"

#include <fcntl.h>
#include <gmock/gmock.h>

#include <boost/asio/io_context.hpp>

#include "tests/support/saved_worker.h"

namespace pyfault {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

class KeptTest : public testing::Test {
 protected:
  void add(const std::string& name) {
    descriptors_.push_back({name, UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC))});
  }
  void add_state(const std::string& name, std::string_view content) {
    StateFile file;
    file.write(content);
    descriptors_.push_back({name, UniqueFd(::fcntl(file.descriptor(), F_DUPFD_CLOEXEC, 0))});
  }
  InheritedDescriptors sorted() { return sort_kept(std::move(descriptors_)); }
  std::string refusal() {
    const InheritedDescriptors kept = sorted();
    EXPECT_THAT(kept.workers, SizeIs(0));
    EXPECT_THAT(kept.refused, SizeIs(1));
    return kept.refused.at(0).reason;
  }

  const std::string state_ = encode(test::full_worker());
  std::vector<NamedFd> descriptors_;
};

TEST_F(KeptTest, what_belongs_to_one_worker_comes_together) {
  add("web#2/01/door");
  add_state("web#2/01/state", state_);
  add("web#2/01/door");
  add("web#2/01/session.7");
  InheritedDescriptors kept = sorted();
  ASSERT_THAT(kept.workers, SizeIs(1));
  EXPECT_THAT(kept.workers[0].take_all(kListenerRole), SizeIs(2));
  EXPECT_TRUE(kept.workers[0].take(session_role(7)));
  EXPECT_FALSE(kept.workers[0].take(kPidfdRole));
  EXPECT_EQ(kept.workers[0].prefix, "web#2/01");
}

TEST_F(KeptTest, a_name_that_is_not_ours_is_refused) {
  add("stored");
  EXPECT_THAT(refusal(), HasSubstr("'stored'"));
}

TEST_F(KeptTest, a_worker_without_a_state_is_refused) {
  add("web/01/pidfd");
  EXPECT_THAT(refusal(), HasSubstr("worker web can't be used: its state is missing"));
}

TEST_F(KeptTest, a_state_of_another_version_is_refused) {
  add_state("web#2/01/state", "something else");
  EXPECT_THAT(refusal(), HasSubstr("another version"));
}

TEST_F(KeptTest, the_state_of_another_worker_is_refused) {
  add_state("queue/01/state", state_);
  EXPECT_THAT(refusal(), HasSubstr("worker queue"));
}

TEST_F(KeptTest, of_two_workers_of_one_name_one_is_refused) {
  add_state("web#2/01/state", state_);
  add_state("web#2/02/state", state_);
  const InheritedDescriptors kept = sorted();
  EXPECT_THAT(kept.workers, SizeIs(1));
  EXPECT_THAT(kept.refused, SizeIs(1));
}

}  // namespace
}  // namespace pyfault
