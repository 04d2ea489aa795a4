#include "watchdog/service/output_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "watchdog/format/journal.h"
#include "watchdog/format/rfc3339.h"

namespace pyfault {

std::string line_for_file(const std::string& worker, std::string_view line,
                          std::int64_t realtime_ns) {
  return fmt::format("{} {}: {}\n", rfc3339_utc(realtime_ns), worker, line);
}

std::string line_for_journal(const std::string& worker, std::string_view line, std::int64_t) {
  return journal_entry({{"MESSAGE", std::string(line)},
                        {"PRIORITY", "6"},
                        {"SYSLOG_IDENTIFIER", worker},
                        {"PYFAULT_WORKER", worker}});
}

std::vector<std::string> OutputLines::take(std::string_view bytes) {
  std::vector<std::string> lines;
  while (!bytes.empty()) {
    const std::size_t room = kMaxOutputLine - begun_.size();
    const std::size_t newline = bytes.substr(0, room).find('\n');
    const std::string_view part = bytes.substr(0, std::min(newline, room));
    begun_ += part;
    const bool whole = newline != bytes.npos;
    if (whole || begun_.size() == kMaxOutputLine) lines.push_back(std::exchange(begun_, ""));
    bytes.remove_prefix(part.size() + (whole ? 1 : 0));
  }
  return lines;
}

std::vector<std::string> OutputLines::finish() {
  if (begun_.empty()) return {};
  return {std::exchange(begun_, "")};
}

void OutputTail::add(std::string_view bytes) {
  bytes_ += bytes;
  if (bytes_.size() > 2 * size_) bytes_.erase(0, bytes_.size() - size_);
}

std::string_view OutputTail::text() const {
  const std::string_view all = bytes_;
  return all.size() > size_ ? all.substr(all.size() - size_) : all;
}

}  // namespace pyfault
