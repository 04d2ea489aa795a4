// Reads arbitrary bytes as saved state, both as half of a state file and as its content. What is
// accepted must be sensible, and must stay the same when it is saved again.
#include <cstdint>
#include <string>
#include <string_view>

#include "tests/fuzz/require.h"
#include "watchdog/handover/saved_worker.h"
#include "watchdog/os/state_file.h"

namespace pyfault::test {
namespace {

// Decoding is also tried without the state file, whose checksum keeps nearly all fuzzed content
// out. Input that is nested too deeply for the CBOR reader is not covered: a fuzzer rarely finds
// it.
void try_state(std::string_view bytes) {
  const auto saved = decode_worker(bytes);
  if (!saved) return;
  require(!saved->config.name.empty(), "a worker without a name");
  require(saved->lifecycle.state <= WorkerState::kAborting, "a state that does not exist");
  require(!saved->process || saved->process->pid > 1, "a process that is not a worker's");
  const std::string again = encode(*saved);
  const auto twice = decode_worker(again);
  require(twice.has_value(), "what was kept can't be read");
  require(encode(*twice) == again, "what was kept is something else");
}

}  // namespace
}  // namespace pyfault::test

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto half = pyfault::unpack(bytes)) pyfault::test::try_state(half->content);
  pyfault::test::try_state(bytes);
  return 0;
}
