// Copies an arbitrary block of shared/context.h out of a ring, and decodes and redacts it.
//
// Input: the version and the number of annotations left out; the heartbeat; for each of the two
// copies of the annotations its size and, with a size of its own, its bytes; for each breadcrumb
// its number, time, size and, likewise, its bytes.
#include <algorithm>
#include <memory>

#include "shared/context_reader.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/require.h"
#include "tests/support/crash_invariants.h"
#include "watchdog/crash/decode_context.h"
#include "watchdog/event/redaction.h"

namespace pyfault::test {
namespace {

constexpr int kTid = 7;

void take_bytes(FuzzInput& input, char* to, std::size_t room) {
  const auto bytes = input.take_bytes(std::min<std::size_t>(input.take<std::uint16_t>(), room));
  std::copy(bytes.begin(), bytes.end(), to);
}

void fill(ContextBlock& block, FuzzInput& input) {
  block.header.version = input.take<std::uint32_t>();
  block.header.left_out = input.take<std::uint32_t>();
  block.header.heartbeat_ns = input.take<std::int64_t>();
  for (AnnotationCopy& copy : block.annotations) {
    copy.size = input.take<std::uint32_t>();
    take_bytes(input, copy.bytes, sizeof copy.bytes);
  }
  for (Breadcrumb& crumb : block.crumbs) {
    crumb.number = input.take<std::uint64_t>();
    crumb.realtime_ns = input.take<std::int64_t>();
    crumb.size = input.take<std::uint16_t>();
    take_bytes(input, crumb.text, sizeof crumb.text);
  }
}

void check(const Context& context, const std::vector<Annotation>& of_thread) {
  std::string broken = broken_invariant(context);
  if (broken.empty()) broken = broken_invariant(of_thread);
  require(broken.empty(), broken.c_str());
}

}  // namespace
}  // namespace pyfault::test

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pyfault;
  test::FuzzInput input(data, size);
  const auto block = std::make_unique<ContextBlock>();
  test::fill(*block, input);
  ContextCopy copy;
  copy_context(*block, copy);
  Event event;
  Crash& crash = event.body.emplace<Crash>();
  crash.tid = test::kTid;
  crash.threads.resize(1);
  crash.threads[0].tid = test::kTid;
  add_context(crash, decode_context(copy));
  test::check(crash.context, crash.threads[0].annotations);
  static const Redaction& redaction = *new Redaction;
  redaction.redact(event);
  test::check(crash.context, crash.threads[0].annotations);
  return 0;
}
