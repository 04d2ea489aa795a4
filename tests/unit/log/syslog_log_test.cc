#include "watchdog/config/log_address.h"

#include <gtest/gtest.h>

namespace pyfault {
namespace {

using Transport = SyslogAddress::Transport;

TEST(LogAddress, APathIsALocalSocket) {
  EXPECT_EQ(parse_syslog_address("/dev/log"), (SyslogAddress{Transport::kLocal, "/dev/log", ""}));
}

TEST(LogAddress, AUrlIsAHostAndAPort) {
  EXPECT_EQ(parse_syslog_address("udp://logs.example:5140"),
            (SyslogAddress{Transport::kUdp, "logs.example", "5140"}));
  EXPECT_EQ(parse_syslog_address("tcp://[::1]:601"),
            (SyslogAddress{Transport::kTcp, "::1", "601"}));
}

TEST(LogAddress, TheUsualPortGoesWithoutSaying) {
  EXPECT_EQ(parse_syslog_address("tcp://::1"), std::nullopt);
  EXPECT_EQ(parse_syslog_address("tcp://[::1]"), (SyslogAddress{Transport::kTcp, "::1", "514"}));
  EXPECT_EQ(parse_syslog_address("udp://logs"), (SyslogAddress{Transport::kUdp, "logs", "514"}));
}

TEST(LogAddress, OtherThingsLeadNowhere) {
  for (const char* text : {"", "dev/log", "logs:514", "http://logs:80", "udp://", "udp://:514",
                           "tcp://logs:0", "tcp://logs:65536", "tcp://logs:x"}) {
    EXPECT_EQ(parse_syslog_address(text), std::nullopt) << text;
  }
}

TEST(LogAddress, OneListensOnANumberAndAPort) {
  EXPECT_EQ(parse_listen_address("0.0.0.0:80"), (HttpAddress{"0.0.0.0", 80}));
  EXPECT_EQ(parse_listen_address("[::1]:9464"), (HttpAddress{"::1", 9464}));
  EXPECT_EQ(parse_listen_address("localhost:80"), (HttpAddress{"127.0.0.1", 80}));
}

TEST(LogAddress, OneDoesNotListenElsewhere) {
  for (const char* text : {"", "9464", ":9464", "127.0.0.1", "127.0.0.1:", "logs:80", "1.2.3:80",
                           "127.0.0.1:65536", "[::1:80", "127.0.0.1:0"}) {
    EXPECT_EQ(parse_listen_address(text), std::nullopt) << text;
  }
}

TEST(LogAddress, FacilitiesHaveTheNumbersOfSyslog) {
  EXPECT_EQ(parse_facility("kern"), 0);
  EXPECT_EQ(parse_facility("daemon"), 3);
  EXPECT_EQ(parse_facility("local0"), 16);
  EXPECT_EQ(parse_facility("local7"), 23);
  EXPECT_EQ(parse_facility("demon"), std::nullopt);
}

}  // namespace
}  // namespace pyfault
