#include "watchdog/format/frame_text.h"

#include <fmt/format.h>

#include <iterator>
#include <string_view>
#include <utility>

#include "watchdog/crash/native_names.h"
#include "watchdog/crash/utf8.h"
#include "watchdog/format/carets.h"
#include "watchdog/format/escape.h"
#include "watchdog/format/trust_names.h"

namespace pyfault {
namespace {

// Of a native function, in bytes. Names of templates may have thousands.
constexpr std::size_t kLongestName = 200;

std::string doubted(std::string name, bool overwritten) {
  return overwritten ? std::move(name) + " (overwritten)" : name;
}

std::string code_frame(const Frame& frame, std::uint32_t version_hex) {
  const std::string file = frame.file_readable ? '"' + escape_text(frame.file) + '"' : "???";
  const std::string line = frame.line ? std::to_string(*frame.line) : "???";
  const std::string function = frame.function_readable ? escape_text(frame.function) : "???";
  std::string text =
      fmt::format("  File {}, line {}, in {}\n", doubted(file, frame.file_overwritten), line,
                  doubted(function, frame.function_overwritten));
  const std::string source = source_line(frame);
  if (!source.empty()) text += "    " + source + '\n';
  const std::string carets = source.empty() ? "" : caret_line(frame, version_hex);
  if (!carets.empty()) text += "    " + carets + '\n';
  if (frame.repeat > 0) {
    fmt::format_to(std::back_inserter(text), "  [Previous line repeated {} more time{}]\n",
                   frame.repeat, frame.repeat > 1 ? "s" : "");
  }
  return text;
}

std::string native_function(const NativeFrame& frame) {
  if (frame.function.empty()) return "???";
  const std::string_view name = without_suffix(frame.function);
  if (name.size() <= kLongestName) return escape_text(name);
  return escape_text(cut_utf8(name, kLongestName)) + "...";
}

std::string place_in_source(const NativeFrame& frame) {
  if (frame.file.empty()) return "";
  std::string_view file = frame.file;
  if (file.starts_with("./")) file.remove_prefix(2);
  const std::string line = frame.line ? fmt::format(":{}", *frame.line) : "";
  return fmt::format(" ({}{})", escape_text(file), line);
}

std::string place_in_module(const NativeFrame& frame) {
  if (frame.module.empty()) return fmt::format(" at {:#x} in no module", frame.address);
  const std::string offset = frame.offset ? fmt::format("+{:#x}", *frame.offset) : "";
  return fmt::format(" in {}{}", escape_text(file_name_of(frame.module)), offset);
}

bool is_sure(Trust trust) {
  return trust == Trust::kContext || trust == Trust::kCfi;
}

}  // namespace

std::string frame_text(const Frame& frame, std::uint32_t version_hex) {
  switch (frame.kind) {
    case Frame::Kind::kOmitted:
      return omitted_frames_text(frame.omitted);
    case Frame::Kind::kUnreadable:
      return fmt::format("  <unreadable frame at {:#x}>\n", frame.address);
    case Frame::Kind::kCycle:
      return "  <the frame chain is a cycle>\n";
    case Frame::Kind::kCode:
      break;
  }
  return code_frame(frame, version_hex);
}

std::string frame_text(const NativeFrame& frame) {
  if (frame.signal_frame) return "  <signal handler called>\n";
  return fmt::format("  at {}{}{}{}{}\n", native_function(frame), place_in_source(frame),
                     place_in_module(frame), frame.inlined ? " [inlined]" : "",
                     is_sure(frame.trust) ? "" : fmt::format(" [trust: {}]", name_of(frame.trust)));
}

std::string omitted_frames_text(std::uint64_t count_or_0) {
  if (count_or_0 == 0) return "  ... further frames, not counted ...\n";
  return fmt::format("  ... {} frame{} omitted ...\n", count_or_0, count_or_0 == 1 ? "" : "s");
}

}  // namespace pyfault
