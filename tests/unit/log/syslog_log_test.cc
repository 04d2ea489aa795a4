#include "watchdog/log/syslog_log.h"

#include <gtest/gtest.h>

namespace pyfault {
namespace {

using Transport = SyslogAddress::Transport;

TEST(SyslogAddressTest, a_path_is_a_local_socket) {
  EXPECT_EQ(parse_syslog_address("/dev/log"), (SyslogAddress{Transport::kLocal, "/dev/log", ""}));
}

TEST(SyslogAddressTest, a_url_is_a_host_and_a_port) {
  EXPECT_EQ(parse_syslog_address("udp://logs.example:5140"),
            (SyslogAddress{Transport::kUdp, "logs.example", "5140"}));
  EXPECT_EQ(parse_syslog_address("tcp://[::1]:601"),
            (SyslogAddress{Transport::kTcp, "::1", "601"}));
}

TEST(SyslogAddressTest, the_default_port_is_514) {
  EXPECT_EQ(parse_syslog_address("tcp://::1"), std::nullopt);
  EXPECT_EQ(parse_syslog_address("tcp://[::1]"), (SyslogAddress{Transport::kTcp, "::1", "514"}));
  EXPECT_EQ(parse_syslog_address("udp://logs"), (SyslogAddress{Transport::kUdp, "logs", "514"}));
}

TEST(SyslogAddressTest, other_things_are_refused) {
  for (const char* text : {"", "dev/log", "logs:514", "http://logs:80", "udp://", "udp://:514",
                           "tcp://logs:0", "tcp://logs:65536", "tcp://logs:x"}) {
    EXPECT_EQ(parse_syslog_address(text), std::nullopt) << text;
  }
}

TEST(SyslogAddressTest, facilities_have_the_numbers_of_syslog) {
  EXPECT_EQ(parse_facility("kern"), 0);
  EXPECT_EQ(parse_facility("daemon"), 3);
  EXPECT_EQ(parse_facility("local0"), 16);
  EXPECT_EQ(parse_facility("local7"), 23);
  EXPECT_EQ(parse_facility("demon"), std::nullopt);
}

}  // namespace
}  // namespace pyfault
