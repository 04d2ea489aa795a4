// Reloads that come one upon the other, and reads that fail. The reading itself is the service's.
#include "watchdog/service/config_reload.h"

#include <gmock/gmock.h>

#include <boost/asio/io_context.hpp>
#include <future>

namespace pyfault {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ConfigReloadTest : public testing::Test {
 protected:
  void request(const std::string& name) {
    reload_.request([this, name](const std::vector<std::string>& mistakes) {
      told_.push_back(name);
      mistakes_ = mistakes;
    });
  }
  void run_until_told(std::size_t count) {
    io_.restart();
    while (told_.size() < count) ASSERT_EQ(io_.run_one_for(std::chrono::minutes(1)), 1u);
  }
  ConfigReload::Steps steps() {
    ConfigReload::Steps steps;
    steps.begin = [this] {
      ++begun_;
      return [go = go_] {
        go.wait();
        return ReadConfiguration{};
      };
    };
    steps.apply = [this](ReadConfiguration&) { return wrong_; };
    steps.end = [this](const std::vector<std::string>&) { ++ended_; };
    return steps;
  }

  std::promise<void> disk_;
  std::shared_future<void> go_ = disk_.get_future().share();
  std::vector<std::string> wrong_;
  int begun_ = 0;
  int ended_ = 0;
  std::vector<std::string> told_;
  std::vector<std::string> mistakes_;
  boost::asio::io_context io_{1};
  ConfigReload reload_{io_, "web.toml", steps()};
};

TEST_F(ConfigReloadTest, the_operator_who_asked_hears_what_is_wrong) {
  wrong_ = {"web.toml:1: nonsense"};
  disk_.set_value();
  request("operator");
  run_until_told(1);
  EXPECT_EQ(mistakes_, wrong_);
  EXPECT_EQ(ended_, 1);
}

TEST_F(ConfigReloadTest, requests_during_a_read_share_the_next_one) {
  request("first");
  request("second");
  request("third");
  EXPECT_EQ(begun_, 1);
  disk_.set_value();
  run_until_told(3);
  EXPECT_THAT(told_, ElementsAre("first", "second", "third"));
  EXPECT_EQ(begun_, 2);
  EXPECT_EQ(ended_, 2);
}

TEST_F(ConfigReloadTest, a_request_by_a_signal_is_carried_out_without_a_callback) {
  disk_.set_value();
  reload_.request({});
  while (ended_ == 0) io_.run_one();
  EXPECT_THAT(told_, IsEmpty());
}

}  // namespace
}  // namespace pyfault
