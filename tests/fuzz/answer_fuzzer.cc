// Reads arbitrary bytes as the answer of a symbolizer that a hostile file has taken over. The rest
// of the watchdog trusts what comes of it.
#include <sys/ucontext.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "tests/fuzz/require.h"
#include "watchdog/crash/utf8.h"
#include "watchdog/symbolize/answer_reader.h"
#include "watchdog/symbolize/symbolizer_input.h"
#include "watchdog/symbolizer/protocol.h"

namespace pyfault::test {
namespace {

constexpr std::size_t kMaxTaken = std::size_t{128} << 20;

// As the seeds of make_corpus have it.
constexpr char kMap[] =
    "1000-3000 r--p 00000000 08:01 7 /app/a.so\n"
    "3000-5000 r-xp 00002000 08:01 7 /app/a.so\n"
    "8000-9000 r-xp 00000000 00:00 0 \n"
    "a000-b000 r-xp 00000000 00:00 0 [vdso]\n";

std::size_t check_text(const std::string& text) {
  require(replace_invalid_utf8(text) == text, "a text that is not UTF-8");
  return text.size();
}

std::size_t check_function(const NativeFrame& function) {
  require(function.trust <= Trust::kScan, "a trust that does not exist");
  require(!function.line || *function.line > 0, "a line that does not exist");
  require(function.offset.has_value() || function.build_id.empty(), "a build-id of no module");
  return sizeof function + check_text(function.function) + check_text(function.file) +
         check_text(function.module) + check_text(function.build_id);
}

std::size_t check_stack(const UnwoundStack& stack) {
  std::size_t taken = check_text(stack.incomplete_reason);
  require(!stack.frames.empty() && stack.frames.size() <= kMaxFrames, "too few or many frames");
  for (const UnwoundFrame& frame : stack.frames) {
    require(frame.cfa == 0 || frame.cfa > frame.stack_pointer, "a frame that ends below itself");
    require(!frame.functions.empty(), "a frame of nothing");
    require(!frame.functions.back().inlined, "a function that is inlined into nothing");
    for (const NativeFrame& function : frame.functions) taken += check_function(function);
  }
  return taken;
}

void try_answer(std::span<const std::byte> bytes) {
  CapturedStack captured;
  captured.registers[REG_RIP] = 0x3010;
  SymbolizeRequest request{{{&captured}, {&captured, true}}, MemoryMap(kMap), {}};
  const Answer answer = read_answer(bytes, request, mappings_with_code(request.map));
  require(answer.symbols.stacks.size() == 2, "a stack that nobody asked for");
  std::size_t taken = check_text(answer.symbols.trouble);
  for (const UnwoundStack& stack : answer.symbols.stacks) taken += check_stack(stack);
  for (const Module& module : answer.symbols.modules) {
    require(module.start < module.end, "a module without a place");
    taken += check_text(module.path) + check_text(module.build_id);
  }
  require(taken <= kMaxTaken, "more memory than allowed");
}

}  // namespace
}  // namespace pyfault::test

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  pyfault::test::try_answer(std::as_bytes(std::span(data, size)));
  return 0;
}
