#include "watchdog/symbolize/read_stacks.h"

#include <utility>

#include "watchdog/symbolize/merge.h"
#include "watchdog/symbolize/symbolizer.h"

namespace pyfault {

NativeStacks read_stacks(const Crash& crash, const CapturedStack& stack, ProcessSnapshot snapshot,
                         const std::string& symbolizer) {
  const auto deadline = std::chrono::steady_clock::now() + kSymbolizeTimeout;
  const SymbolizeRequest request{
      {{&stack}}, std::move(snapshot.map), std::move(snapshot.modules), snapshot.same_root};
  Symbols symbols = symbolize(symbolizer, request, deadline);
  NativeStacks result;
  if (symbols.stacks.empty() || crash.threads.empty()) return result;
  result.modules = std::move(symbols.modules);
  result.threads.push_back(
      merge_stack(crash.threads.front(), symbols.stacks.front(), stack, crash.python.version_hex));
  return result;
}

}  // namespace pyfault
