#include "watchdog/service/output_lines.h"

#include <algorithm>

#include "watchdog/format/rfc3339.h"

namespace pyfault {

std::string OutputLines::take(std::string_view bytes, std::int64_t realtime_ns) {
  std::string lines;
  while (!bytes.empty()) {
    const std::size_t room = kMaxOutputLine - begun_.size();
    const std::size_t newline = bytes.substr(0, room).find('\n');
    const std::string_view part = bytes.substr(0, std::min(newline, room));
    begun_ += part;
    const bool whole = newline != bytes.npos;
    if (whole || begun_.size() == kMaxOutputLine) {
      give_out(lines, begun_, realtime_ns);
      begun_.clear();
    }
    bytes.remove_prefix(part.size() + (whole ? 1 : 0));
  }
  return lines;
}

std::string OutputLines::finish(std::int64_t realtime_ns) {
  std::string lines;
  if (!begun_.empty()) give_out(lines, begun_, realtime_ns);
  begun_.clear();
  return lines;
}

void OutputLines::give_out(std::string& lines, std::string_view text, std::int64_t realtime_ns) {
  lines.append(rfc3339_utc(realtime_ns)).append(" ").append(worker_).append(": ");
  lines.append(text).append("\n");
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
