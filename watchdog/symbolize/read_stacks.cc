#include "watchdog/symbolize/read_stacks.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "watchdog/symbolize/merge.h"
#include "watchdog/symbolize/symbolizer.h"

namespace pyfault {
namespace {

// The stacks of the first threads of the crash, in their order; null where there is none.
std::vector<const CapturedStack*> stacks_of_threads(const Crash& crash, const CapturedStack& first,
                                                    const ProcessSnapshot& snapshot) {
  std::vector<const CapturedStack*> stacks;
  if (!crash.threads.empty()) stacks.push_back(&first);
  for (const ThreadReading& other : snapshot.others) {
    if (stacks.size() == crash.threads.size()) break;
    stacks.push_back(other.why_not.empty() ? &other.stack : nullptr);
  }
  return stacks;
}

}  // namespace

NativeStacks read_stacks(const Crash& crash, const CapturedStack& first, ProcessSnapshot& snapshot,
                         const std::string& symbolizer, const std::string& fetched_directory) {
  const auto deadline = std::chrono::steady_clock::now() + kSymbolizeTimeout;
  const auto stacks = stacks_of_threads(crash, first, snapshot);
  SymbolizeRequest request{{}, snapshot.map, std::move(snapshot.modules), snapshot.same_root};
  request.fetched_directory = fetched_directory;
  for (const CapturedStack* stack : stacks) {
    if (stack != nullptr) request.stacks.push_back({stack, stack != &first});
  }
  Symbols symbols = symbolize(symbolizer, request, deadline);
  NativeStacks result;
  result.modules = std::move(symbols.modules);
  result.missing_debug_files = std::move(symbols.missing_debug_files);
  auto unwound = symbols.stacks.begin();
  for (std::size_t index = 0; index < stacks.size(); ++index) {
    if (stacks[index] == nullptr || unwound == symbols.stacks.end()) {
      result.threads.push_back({{}, crash.threads[index].native.value_or(NativeStack{})});
      continue;
    }
    result.threads.push_back(
        merge_stack(crash.threads[index], *unwound++, *stacks[index], crash.python.version_hex));
  }
  return result;
}

}  // namespace pyfault
