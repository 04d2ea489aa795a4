#include "watchdog/crash/frame_decoder.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace pyfault {
namespace {

std::optional<int> at_least(int smallest, int position) {
  return position >= smallest ? std::optional(position) : std::nullopt;
}

// Drops positions that contradict the preceding ones, so that columns exist only together with
// their lines, and an end never precedes its start.
void set_position(Frame& frame, const FrameEntry& entry) {
  frame.line = at_least(1, entry.line);
  if (!frame.line) return;
  frame.end_line = at_least(*frame.line, entry.end_line);
  frame.column = at_least(0, entry.column);
  if (!frame.column || !frame.end_line) return;
  const bool one_line = *frame.end_line == *frame.line;
  frame.end_column = at_least(one_line ? *frame.column : 0, entry.end_column);
}

// Before 3.11 there is no qualified name: it is empty, or marked unreadable.
const Text& function_of(const CodeObject& code) {
  return code.qualified_name.value.empty() ? code.name : code.qualified_name;
}

std::size_t text_size(const CodeObject& code) {
  return code.file.value.size() + function_of(code).value.size() + code.name.value.size();
}

}  // namespace

bool FrameDecoder::add(CodeObject code) {
  if (code.index != codes_.size()) return false;
  for (const Text* name : {&code.file, &code.qualified_name, &code.name}) names_.learn_from(*name);
  codes_.push_back(std::move(code));
  return true;
}

Frame FrameDecoder::decode(const FrameEntry& entry) {
  Frame frame;
  switch (entry.kind) {
    case FrameKind::kCode:
      return decode_code(entry);
    case FrameKind::kOmitted:
      frame.kind = Frame::Kind::kOmitted;
      frame.omitted = std::max<std::uint64_t>(entry.value, 1);
      return frame;
    case FrameKind::kTooDeep:
      frame.kind = Frame::Kind::kOmitted;
      return frame;
    case FrameKind::kCycle:
      frame.kind = Frame::Kind::kCycle;
      return frame;
    case FrameKind::kUnreadable:
      frame.kind = Frame::Kind::kUnreadable;
      frame.address = entry.value;
      return frame;
  }
  damaged_ = true;
  frame.kind = Frame::Kind::kUnreadable;
  return frame;
}

Frame FrameDecoder::decode_code(const FrameEntry& entry) {
  Frame frame;
  frame.repeat = entry.value;
  set_position(frame, entry);
  name(frame, entry.code_index);
  if (entry.line == kOutsideCode) frame.file_overwritten = frame.function_overwritten = true;
  return frame;
}

void FrameDecoder::name(Frame& frame, std::uint32_t code_index) {
  const CodeObject* code = code_index < codes_.size() ? &codes_[code_index] : nullptr;
  if (code) frame.code = code->address;
  if (!code || !spend(text_size(*code))) {
    damaged_ = true;
    frame.file_readable = frame.function_readable = false;
    return;
  }
  const Text& function = function_of(*code);
  frame.file = code->file.value;
  frame.file_readable = code->file.readable;
  frame.function = function.value;
  frame.function_readable = function.readable;
  frame.file_overwritten = names_.overwritten(code->file);
  frame.function_overwritten = names_.overwritten(function);
  frame.name = code->name.value;
}

bool FrameDecoder::spend(std::size_t text) {
  if (text > text_budget_) return false;
  text_budget_ -= text;
  return true;
}

}  // namespace pyfault
