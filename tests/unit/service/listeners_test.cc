// A configuration's listeners are all opened, or those that are open stay.
#include "watchdog/service/listeners.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>

#include "tests/support/temp_directory.h"
#include "watchdog/start_error.h"

namespace pyfault {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

class ListenersTest : public testing::Test {
 protected:
  void take(const Config& config) { listeners_.take(listeners_.open(config)); }
  Config with_control(const std::string& name) const {
    Config config;
    config.control.socket = folder_.path() / name;
    return config;
  }
  bool is_there(const std::string& name) const {
    return ::access((folder_.path() / name).c_str(), F_OK) == 0;
  }
  // An address that another server has.
  HttpAddress taken() const { return {"127.0.0.1", other_.port()}; }

  test::TempDirectory folder_;
  boost::asio::io_context io_{1};
  HttpServer other_{io_, {}, [](std::string_view) { return HttpAnswer{}; }};
  Listeners listeners_{io_, [](std::string_view) { return HttpAnswer{}; }, [](const UniqueFd&) {}};
};

TEST_F(ListenersTest, a_control_socket_moves_with_the_configuration) {
  take(with_control("one"));
  EXPECT_TRUE(is_there("one"));
  take(with_control("two"));
  EXPECT_TRUE(is_there("two"));
  EXPECT_FALSE(is_there("one"));
}

TEST_F(ListenersTest, one_that_stays_where_it_is_is_not_opened_again) {
  take(with_control("one"));
  EXPECT_FALSE(listeners_.open(with_control("one")).control);
}

TEST_F(ListenersTest, a_port_that_is_taken_changes_nothing) {
  take(with_control("one"));
  Config next = with_control("two");
  next.metrics = taken();
  EXPECT_THROW(listeners_.open(next), StartError);
  EXPECT_TRUE(is_there("one"));
}

TEST_F(ListenersTest, a_watchdog_that_took_over_goes_without_that_port) {
  Config config = with_control("one");
  config.metrics = taken();
  std::vector<std::string> failures;
  listeners_.take(
      listeners_.open(config, [&](const std::string& why) { failures.push_back(why); }));
  EXPECT_THAT(failures, SizeIs(1));
  EXPECT_TRUE(is_there("one"));
}

TEST_F(ListenersTest, a_named_control_socket_that_cannot_be_there_is_an_error) {
  EXPECT_THROW(listeners_.open(with_control("no/such/folder/socket")), StartError);
}

}  // namespace
}  // namespace pyfault
