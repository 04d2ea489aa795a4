// Decodes arbitrary bytes as a record: nothing may crash, and the result must keep the promises of
// Crash.
#include <cstddef>
#include <cstdint>
#include <span>

#include "tests/fuzz/require.h"
#include "tests/support/crash_invariants.h"
#include "watchdog/crash/decode.h"

namespace {

using pyfault::test::require;

// The decoded crash may occupy, per byte of the record, a 32nd of a Frame and the text budget, in
// addition to a fixed amount.
constexpr std::size_t kFixedWeight = std::size_t{2} << 20;
constexpr std::size_t kWeightPerByte = 40;

void check(const pyfault::Crash& crash, std::size_t record_size) {
  const std::string broken = pyfault::test::broken_invariant(crash);
  require(broken.empty(), broken.c_str());
  require(pyfault::test::weight(crash) <= kFixedWeight + kWeightPerByte * record_size, "weight");
}

}  // namespace

// The last byte of the input stands for what the slot says about the record.
// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const unsigned slot = data[size - 1];
  const auto bytes = std::as_bytes(std::span(data, size - 1));
  const auto cut_short = static_cast<pyfault::CutShort>(slot & 3);
  const auto crash = pyfault::decode({bytes, cut_short, (slot & 4) == 0});
  if (crash) check(*crash, bytes.size());
  return 0;
}
