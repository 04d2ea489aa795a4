#include "watchdog/enrich/source_lines.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "watchdog/crash/utf8.h"
#include "watchdog/enrich/source_file.h"

namespace pyfault {
namespace {

using FramesByLine = std::multimap<int, Frame*>;
using FramesByFile = std::map<std::string, FramesByLine>;

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// "<string>", "<frozen importlib._bootstrap>": code that came from no file.
bool names_a_file(const std::string& name) {
  const bool synthetic = name.starts_with('<') && name.ends_with('>');
  return !name.empty() && !synthetic && name.find('\0') == std::string::npos;
}

bool wants_source(const Frame& frame) {
  return frame.kind == Frame::Kind::kCode && frame.line && *frame.line > 0 &&
         names_a_file(frame.file);
}

// The faulting thread's files come first, so that they are in when there are too many.
FramesByFile frames_by_file(Crash& crash) {
  FramesByFile files;
  for (Thread& thread : crash.threads) {
    for (Frame& frame : thread.frames) {
      if (!wants_source(frame)) continue;
      if (files.size() >= kMaxSourceFilesPerCrash && !files.contains(frame.file)) continue;
      files[frame.file].emplace(*frame.line, &frame);
    }
  }
  return files;
}

// Takes one line off the front; ends at \n, \r\n or \r, as Python's own tokenizer does.
std::string_view take_line(std::string_view& text) {
  const auto* const end = std::ranges::find_if(text, [](char c) { return c == '\n' || c == '\r'; });
  const std::string_view line(text.begin(), end);
  text.remove_prefix(line.size());
  const bool two = text.starts_with("\r\n");
  text.remove_prefix(std::min<std::size_t>(text.size(), two ? 2 : 1));
  return line;
}

void fill_in(std::string_view text, const FramesByLine& frames) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  auto next = frames.begin();
  for (int number = 1; next != frames.end() && !text.empty(); ++number) {
    const std::string_view line = take_line(text);
    for (; next != frames.end() && next->first == number; ++next) {
      next->second->source = replace_invalid_utf8(cut_utf8(line, kMaxLineBytes));
    }
  }
}

}  // namespace

void add_source_lines(Crash& crash, int pid, std::int64_t unchanged_since_ns) {
  const FramesByFile files = frames_by_file(crash);
  if (files.empty()) return;
  SourceFiles source(pid, unchanged_since_ns);
  std::size_t budget = kMaxSourceBytesPerCrash;
  for (const auto& [name, frames] : files) {
    if (const auto text = source.read(name, budget)) fill_in(*text, frames);
  }
}

}  // namespace pyfault
