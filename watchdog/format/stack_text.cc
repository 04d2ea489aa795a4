#include "watchdog/format/stack_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "watchdog/format/escape.h"
#include "watchdog/format/frame_text.h"
#include "watchdog/format/repeated_lines.h"

namespace pyfault {
namespace {

using Kind = StackEntry::Kind;

std::string folded(std::size_t count, std::string_view what) {
  return fmt::format("  ... {} frame{} {} ...\n", count, count == 1 ? "" : "s", what);
}

// Each Python frame as often as it stands in the stack: one that is folded may belong to several
// calls of the interpreter.
std::vector<std::size_t> appearances(const Thread& thread) {
  std::vector<std::size_t> counts(thread.frames.size());
  for (const StackEntry& entry : thread.stack) {
    if (entry.kind == Kind::kPython && entry.frame < counts.size()) ++counts[entry.frame];
  }
  return counts;
}

bool has_both_kinds_apart(const Thread& thread) {
  const bool is_merged = thread.native && thread.native->merged_by != NativeStack::Merge::kNone;
  const auto is_native = [](const StackEntry& entry) { return entry.kind == Kind::kNative; };
  return !is_merged && std::ranges::any_of(thread.stack, is_native) &&
         thread.stack.front().kind == Kind::kPython;
}

std::string with_reason(std::string_view what, const NativeStack& native) {
  const std::string& reason = native.incomplete_reason;
  return reason.empty() ? "" : fmt::format("  <{}: {}>\n", what, escape_text(reason));
}

// Renders the entries of a merged stack.
class Entries {
 public:
  Entries(const Thread& thread, std::uint32_t version_hex, std::vector<Fold> folds)
      : thread_(thread),
        version_hex_(version_hex),
        folds_(std::move(folds)),
        left_(appearances(thread)),
        all_(left_) {}

  std::vector<std::string> run() {
    const auto& stack = thread_.stack;
    bool is_apart = has_both_kinds_apart(thread_);
    for (std::size_t next = 0; next < stack.size();) {
      if (is_apart && !is_python(next)) {
        texts_.push_back(beginning_of_native_frames());
        is_apart = false;
      }
      if (folds_[next] == Fold::kNone) {
        add(stack[next++]);
      } else {
        next = add_folded(next);
      }
    }
    return std::move(texts_);
  }

 private:
  bool is_python(std::size_t index) const {
    return index < thread_.stack.size() && thread_.stack[index].kind == Kind::kPython;
  }

  std::string beginning_of_native_frames() const {
    constexpr std::string_view kWhat = "native frames, not merged with those above";
    const std::string text = thread_.native ? with_reason(kWhat, *thread_.native) : "";
    return text.empty() ? fmt::format("  <{}>\n", kWhat) : text;
  }

  // Returns the index after the run of folded entries. A run that only passes a call of one Python
  // function on to another leaves nothing.
  std::size_t add_folded(std::size_t begin) {
    const bool is_end = folds_[begin] == Fold::kEnd;
    bool only_passes_call = true;
    std::size_t end = begin;
    for (; end < folds_.size() && folds_[end] != Fold::kNone; ++end) {
      if ((folds_[end] == Fold::kEnd) != is_end) break;
      only_passes_call &= folds_[end] == Fold::kPassesCall;
    }
    const bool is_between = begin > 0 && is_python(begin - 1) && is_python(end);
    if (is_end) {
      texts_.push_back(folded(end - begin, "that end the process"));
    } else if (!only_passes_call || !is_between) {
      texts_.push_back(folded(end - begin, "of the interpreter"));
    }
    return end;
  }

  void add(const StackEntry& entry) {
    switch (entry.kind) {
      case Kind::kOmitted:
        return texts_.push_back(omitted_frames_text(entry.omitted.value_or(0)));
      case Kind::kNative:
        return texts_.push_back(frame_text(entry.native));
      case Kind::kPython:
        break;
    }
    if (entry.frame < thread_.frames.size()) add_python(entry.frame);
  }

  void add_python(std::size_t index) {
    const Frame& frame = thread_.frames[index];
    const bool is_first = left_[index] == all_[index];
    const bool is_last = --left_[index] == 0;
    if (all_[index] == 1) return texts_.push_back(frame_text(frame, version_hex_));
    if (frame.kind != Frame::Kind::kCode) {
      if (is_first) texts_.push_back(frame_text(frame, version_hex_));
      return;
    }
    Frame once = frame;
    once.repeat = 0;
    texts_.push_back(frame_text(once, version_hex_));
    if (is_last && frame.repeat >= all_[index]) {
      texts_.push_back(
          fmt::format("  [That frame stands for {} more calls]\n", frame.repeat + 1 - all_[index]));
    }
  }

  const Thread& thread_;
  const std::uint32_t version_hex_;
  const std::vector<Fold> folds_;
  std::vector<std::size_t> left_;  // appearances that are still to come
  const std::vector<std::size_t> all_;
  std::vector<std::string> texts_;
};

std::string python_frames(const Thread& thread, std::uint32_t version_hex) {
  if (thread.frames.empty()) return "  <no Python frame>\n";
  std::string text;
  for (const Frame& frame : thread.frames) text += frame_text(frame, version_hex);
  return text;
}

}  // namespace

StackText::StackText(const Crash& crash, bool full)
    : crash_(crash), full_(full), interpreter_(interpreter_modules(crash)) {}

std::string StackText::of(const Thread& thread) const {
  const NativeStack native = thread.native.value_or(NativeStack{});
  if (thread.stack.empty()) {
    return python_frames(thread, crash_.python.version_hex) +
           with_reason("no native frames", native);
  }
  std::string text = join_repeated(entries(thread));
  if (has_both_kinds_apart(thread)) return text;  // which says the reason already
  return text + with_reason("native frames incomplete", native);
}

std::vector<std::string> StackText::entries(const Thread& thread) const {
  std::vector<Fold> folds(thread.stack.size(), Fold::kNone);
  if (!full_) folds = folds_of(thread, interpreter_);
  return Entries(thread, crash_.python.version_hex, std::move(folds)).run();
}

}  // namespace pyfault
