#include "watchdog/config/metrics_reader.h"

#include <gtest/gtest.h>

namespace pyfault {
namespace {

TEST(ListenAddress, one_listens_on_a_number_and_a_port) {
  EXPECT_EQ(parse_listen_address("0.0.0.0:80"), (HttpAddress{"0.0.0.0", 80}));
  EXPECT_EQ(parse_listen_address("[::1]:9464"), (HttpAddress{"::1", 9464}));
  EXPECT_EQ(parse_listen_address("localhost:80"), (HttpAddress{"127.0.0.1", 80}));
}

TEST(ListenAddress, one_does_not_listen_elsewhere) {
  for (const char* text : {"", "9464", ":9464", "127.0.0.1", "127.0.0.1:", "logs:80", "1.2.3:80",
                           "127.0.0.1:65536", "[::1:80", "127.0.0.1:0"}) {
    EXPECT_EQ(parse_listen_address(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace pyfault
