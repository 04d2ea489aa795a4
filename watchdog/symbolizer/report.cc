#include "watchdog/symbolizer/report.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "watchdog/symbolizer/code_map.h"
#include "watchdog/symbolizer/names.h"
#include "watchdog/symbolizer/source_places.h"
#include "watchdog/symbolizer/unwinder.h"

namespace pyfault {
namespace {

std::uint8_t flags_of(const StackFrame& frame) {
  unsigned flags = 0;
  if (frame.is_return_address) flags |= kReturnAddress;
  if (frame.is_signal_frame) flags |= kSignalFrame;
  if (frame.is_after_gap) flags |= kAfterGap;
  return static_cast<std::uint8_t>(flags);
}

std::uint32_t short_offset(std::uint64_t offset) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(offset, kUnknownOffset));
}

std::uint32_t code_offset_of(const StackFrame& frame) {
  const bool is_known = frame.function != 0 && frame.address >= frame.function;
  return is_known ? short_offset(frame.address - frame.function) : kUnknownOffset;
}

class Reporter {
 public:
  Reporter(const Input& input, FileClient& files, AnswerWriter& answer)
      : input_(input), code_(input.mappings, files), answer_(answer) {}

  // Reports addresses and names of the stacks from `begin` to `end`.
  void report_frames(std::size_t begin, std::size_t end) {
    report_addresses(begin, end);
    report_names();
  }

  // Of all stacks so far.
  void report_source_places() {
    std::map<const LoadedModule*, SourcePlaces> known;
    for (const std::uint64_t address : addresses_) {
      const LoadedModule* module = code_.module_at(address);
      if (module == nullptr) continue;
      std::vector<SourcePlace> places =
          known.try_emplace(module, *module).first->second.at(address);
      if (places.empty()) continue;
      // The symbol says more than the source: which part of a function, or which copy of it.
      const FunctionSymbol& symbol = symbols_[address];
      if (!symbol.name.empty()) places.back().function = symbol.name;
      report_places(address, places);
      answer_.flush();
    }
  }

 private:
  void report_addresses(std::size_t begin, std::size_t end) {
    for (std::size_t index = begin; index < end; ++index) {
      report_stack(static_cast<std::uint32_t>(index), unwind(input_.stacks[index], code_));
    }
    for (const CodeMap::Loaded& loaded : code_.loaded()) {
      if (!modules_.insert(loaded.mapping).second) continue;
      answer_.module(loaded.mapping, loaded.module->bias(), loaded.module->build_id());
    }
    answer_.flush();
  }

  void report_names() {
    for (; named_ < addresses_.size(); ++named_) {
      const std::uint64_t address = addresses_[named_];
      const LoadedModule* module = code_.module_at(address);
      if (module == nullptr) continue;
      const FunctionSymbol& symbol = symbols_[address] = function_symbol(*module, address);
      if (!symbol.name.empty()) report_places(address, {{symbol.name, "", 0}});
      answer_.flush();
    }
  }

  void report_stack(std::uint32_t number, const UnwoundFrames& unwound) {
    std::vector<AnswerFrame> frames;
    for (const StackFrame& frame : unwound.frames) {
      frames.push_back({frame.address,
                        frame.stack_pointer,
                        code_offset_of(frame),
                        static_cast<std::uint8_t>(frame.trust),
                        flags_of(frame),
                        {}});
      if (symbols_.try_emplace(frame.code()).second) addresses_.push_back(frame.code());
    }
    const bool fits = answer_.frames(number, frames);
    answer_.stack_end(number, fits && unwound.is_complete,
                      fits ? unwound.incomplete_reason : "the stacks have too many frames");
    answer_.flush();
  }

  void report_places(std::uint64_t address, const std::vector<SourcePlace>& places) {
    std::vector<AnswerFunction> functions;
    for (const SourcePlace& place : places) {
      functions.push_back(
          {answer_.text(place.function), answer_.text(place.file), place.line, kUnknownOffset});
    }
    const FunctionSymbol& symbol = symbols_[address];
    if (!symbol.name.empty()) functions.back().offset = short_offset(symbol.offset);
    answer_.functions(address, functions);
  }

  const Input& input_;
  CodeMap code_;
  AnswerWriter& answer_;
  std::vector<std::uint64_t> addresses_;             // of all frames, each once, in their order
  std::size_t named_ = 0;                            // of these
  std::map<std::uint64_t, FunctionSymbol> symbols_;  // by address
  std::set<std::uint32_t> modules_;                  // mappings whose modules have been reported
};

}  // namespace

void report(const Input& input, FileClient& files, AnswerWriter& answer) {
  Reporter reporter(input, files, answer);
  // The first thread comes first, for the rest may take too long. Source places take longest.
  const std::size_t first = std::min<std::size_t>(input.stacks.size(), 1);
  reporter.report_frames(0, first);
  reporter.report_frames(first, input.stacks.size());
  reporter.report_source_places();
  answer.end();
}

}  // namespace pyfault
