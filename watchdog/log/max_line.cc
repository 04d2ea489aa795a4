#include "watchdog/log/max_line.h"

#include "watchdog/format/abridge.h"

namespace pyfault {
namespace {

constexpr std::uint64_t kMinLine = 2048;

}  // namespace

// Only JSON is limited: a text report consists of several lines anyway.
void read_max_line(TableReader& table, LogSettings& settings) {
  std::uint64_t size = 0;
  if (!table.get_size("max_line", size)) return;
  if (settings.format != LogFormat::kJson) {
    table.add_error("max_line", "'max_line' is for JSON", "add format = \"json\"");
  } else if (size < kMinLine) {
    table.add_error("max_line", "'max_line' is too small", "it takes 2 KiB and more");
  }
  settings.max_line = size;
}

Formatter limited_formatter(const LogSettings& settings) {
  Formatter formatter = formatter_for(settings.format);
  if (settings.max_line == 0) return formatter;
  return [formatter = std::move(formatter), limit = settings.max_line](const Event& event) {
    return format_within(limit, event, formatter);
  };
}

}  // namespace pyfault
