#include "watchdog/loop/acceptor.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>

#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "watchdog/os/seqpacket.h"
#include "watchdog/os/unix_address.h"

namespace pyfault {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// No descriptor can be created while it exists.
class NoDescriptors {
 public:
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const UniqueFd next(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
    const rlimit none{static_cast<rlim_t>(next.get()), before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
};

class AcceptorTest : public testing::Test {
 protected:
  void accept(ReservedDescriptors reserve = ReservedDescriptors::kUse) {
    acceptor_.emplace(
        io_, listen_abstract(name_),
        [this](UniqueFd connection) {
          connections_.push_back(std::move(connection));
          if (is_last_) acceptor_.reset();
        },
        [this](int error) {
          failures_.push_back(error);
          if (is_last_) acceptor_.reset();
        },
        reserve);
    acceptor_->start();
  }
  void connect(int count = 1) {
    for (int i = 0; i < count; ++i) {
      clients_.emplace_back(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
      const UnixAddress address('@' + name_);
      ASSERT_EQ(::connect(clients_.back().get(), address.get(), address.size()), 0);
    }
  }
  void run_for(std::chrono::milliseconds time) {
    io_.restart();
    io_.run_for(time);
  }

  const std::string name_ = "pyfault-acceptor-test-" + std::to_string(::getpid());
  boost::asio::io_context io_;
  std::vector<UniqueFd> clients_;
  std::vector<UniqueFd> connections_;
  std::vector<int> failures_;
  bool is_last_ = false;  // the next callback destroys the acceptor
  std::optional<Acceptor> acceptor_;
};

TEST_F(AcceptorTest, accepts_all_that_wait) {
  accept();
  connect(100);
  io_.poll();
  EXPECT_EQ(connections_.size(), 100U);
  EXPECT_THAT(failures_, IsEmpty());
}

TEST_F(AcceptorTest, connections_are_non_blocking_and_close_on_exec) {
  accept();
  connect();
  io_.poll();
  ASSERT_EQ(connections_.size(), 1U);
  EXPECT_NE(::fcntl(connections_[0].get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_EQ(::fcntl(connections_[0].get(), F_GETFD), FD_CLOEXEC);
}

TEST_F(AcceptorTest, without_descriptors_it_pauses_and_goes_on) {
  accept();
  connect();
  {
    const NoDescriptors none;
    run_for(std::chrono::milliseconds(50));
    EXPECT_THAT(failures_, ElementsAre(EMFILE));
    EXPECT_THAT(connections_, IsEmpty());
  }
  run_for(std::chrono::milliseconds(100));
  EXPECT_EQ(connections_.size(), 1U);
}

TEST_F(AcceptorTest, the_reserve_is_kept_for_others) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  accept(ReservedDescriptors::kKeep);
  connect();
  const rlimit few{static_cast<rlim_t>(clients_.back().get()) + 2, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  io_.poll();
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_THAT(failures_, ElementsAre(EMFILE));
  EXPECT_THAT(connections_, IsEmpty());
}

TEST_F(AcceptorTest, accepts_at_once_when_it_is_told) {
  accept();
  connect(3);
  acceptor_->accept_now(2);
  EXPECT_EQ(connections_.size(), 2U);
}

TEST_F(AcceptorTest, may_be_destroyed_by_the_callback_of_a_connection) {
  is_last_ = true;
  accept();
  connect(2);
  io_.run();
  EXPECT_EQ(connections_.size(), 1U);
}

TEST_F(AcceptorTest, may_be_destroyed_by_the_callback_of_a_failure) {
  is_last_ = true;
  accept();
  connect();
  const NoDescriptors none;
  io_.run();
  EXPECT_THAT(failures_, ElementsAre(EMFILE));
}

}  // namespace
}  // namespace pyfault
