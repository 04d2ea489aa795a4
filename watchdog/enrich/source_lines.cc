#include "watchdog/enrich/source_lines.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "watchdog/crash/utf8.h"

namespace pyfault {
namespace {

struct Place {
  std::size_t thread;
  std::size_t frame;
};
using FramesByLine = std::multimap<int, Place>;
using FramesByFile = std::map<std::string, FramesByLine>;

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// False for "<string>", "<frozen importlib._bootstrap>" and the like: code without a file.
bool names_a_file(const std::string& name) {
  const bool synthetic = name.starts_with('<') && name.ends_with('>');
  return !name.empty() && !synthetic && name.find('\0') == std::string::npos;
}

bool wants_source(const Frame& frame) {
  return frame.kind == Frame::Kind::kCode && frame.line && *frame.line > 0 &&
         names_a_file(frame.file);
}

// The faulting thread comes first, so its files are included if there are too many.
FramesByFile frames_by_file(const Crash& crash) {
  FramesByFile files;
  for (std::size_t thread = 0; thread < crash.threads.size(); ++thread) {
    const std::vector<Frame>& frames = crash.threads[thread].frames;
    for (std::size_t index = 0; index < frames.size(); ++index) {
      const Frame& frame = frames[index];
      if (!wants_source(frame)) continue;
      if (files.size() >= kMaxSourceFilesPerCrash && !files.contains(frame.file)) continue;
      files[frame.file].emplace(*frame.line, Place{thread, index});
    }
  }
  return files;
}

// Removes one line from the front. A line ends at \n, \r\n or \r, as in Python's tokenizer.
std::string_view take_line(std::string_view& text) {
  const auto* const end = std::ranges::find_if(text, [](char c) { return c == '\n' || c == '\r'; });
  const std::string_view line(text.begin(), end);
  text.remove_prefix(line.size());
  const bool two = text.starts_with("\r\n");
  text.remove_prefix(std::min<std::size_t>(text.size(), two ? 2 : 1));
  return line;
}

// All frames at the same line share its text.
struct FoundLine {
  Place place;
  std::shared_ptr<const std::string> text;
};

void find_lines(std::string_view text, const FramesByLine& frames, std::vector<FoundLine>& found) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  auto next = frames.begin();
  for (int number = 1; next != frames.end() && !text.empty(); ++number) {
    const std::string_view line = take_line(text);
    if (next->first != number) continue;
    const auto shown =
        std::make_shared<const std::string>(replace_invalid_utf8(cut_utf8(line, kMaxLineBytes)));
    for (; next != frames.end() && next->first == number; ++next) {
      found.push_back({next->second, shown});
    }
  }
}

// Keeps the first lines in frame order, up to kMaxLinesPerCrash.
std::vector<FrameSource> first_of(std::vector<FoundLine> found) {
  std::ranges::sort(found, {}, [](const FoundLine& each) {
    return std::pair(each.place.thread, each.place.frame);
  });
  std::vector<FrameSource> kept;
  std::size_t left = kMaxLinesPerCrash;
  for (const FoundLine& each : found) {
    if (each.text->size() > left) break;
    left -= each.text->size();
    kept.push_back({each.place.thread, each.place.frame, *each.text});
  }
  return kept;
}

}  // namespace

std::vector<FrameSource> read_source_lines(const Crash& crash, SourceFiles& files) {
  std::vector<FoundLine> found;
  std::size_t budget = kMaxSourceBytesPerCrash;
  for (const auto& [name, frames] : frames_by_file(crash)) {
    if (const auto text = files.read(name, budget)) find_lines(*text, frames, found);
  }
  return first_of(std::move(found));
}

SourceReader source_reader(int pid, const std::string& executable,
                           std::int64_t unchanged_since_ns) {
  auto files = std::make_shared<SourceFiles>(pid, executable, unchanged_since_ns);
  return [files](const Crash& crash) { return read_source_lines(crash, *files); };
}

}  // namespace pyfault
