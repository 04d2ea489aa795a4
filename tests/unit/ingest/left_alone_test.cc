#include <gmock/gmock.h>

#include "watchdog/ingest/handshake.h"

namespace pyfault {
namespace {

constexpr std::uint32_t kPython3170 = 0x031100f0;
constexpr std::uint32_t kPython3171 = 0x031101f0;
constexpr std::uint32_t kPython3134 = 0x030d04f0;

class LeftAloneTest : public ::testing::Test {
 protected:
  std::optional<std::string> unknown(std::uint32_t version_hex) {
    return message(ArmStatus::kUnknownVersion, version_hex, 0);
  }
  std::optional<std::string> inconsistent(std::uint32_t version_hex, std::uint32_t check) {
    return message(ArmStatus::kInconsistentOffsets, version_hex, check);
  }

 private:
  std::optional<std::string> message(ArmStatus status, std::uint32_t version_hex,
                                     std::uint32_t check) {
    Hello hello{};
    hello.status = status;
    hello.version_hex = version_hex;
    hello.failed_check = check;
    return left_alone_.message(hello, process_);
  }

  LeftAlone left_alone_;
  Process process_{123, 1, "python3", "", {}};
};

TEST_F(LeftAloneTest, NamesTheVersion) {
  EXPECT_EQ(unknown(kPython3170),
            "python3[123]: Python 3.17 is not known to this version; left alone");
}

TEST_F(LeftAloneTest, SaysItOncePerMinorVersion) {
  unknown(kPython3170);
  EXPECT_EQ(unknown(kPython3171), std::nullopt);
}

TEST_F(LeftAloneTest, NamesTheCheckThatFailed) {
  EXPECT_EQ(inconsistent(kPython3134, 7),
            "python3[123]: Python 3.13.4 has not the memory layout of its version (check 7); "
            "left alone");
}

TEST_F(LeftAloneTest, SaysItOncePerCheck) {
  inconsistent(kPython3134, 7);
  EXPECT_EQ(inconsistent(kPython3134, 7), std::nullopt);
  EXPECT_TRUE(inconsistent(kPython3134, 8));
}

TEST_F(LeftAloneTest, FallsSilentWhenVersionsAreMadeUp) {
  for (std::uint32_t minor = 0; minor < 200; ++minor) unknown(minor << 16);
  EXPECT_EQ(unknown(kPython3170), std::nullopt);
}

}  // namespace
}  // namespace pyfault
