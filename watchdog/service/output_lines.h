// What a worker writes, as lines that say when and who. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pyfault {

// A line longer than this goes on in another.
inline constexpr std::size_t kMaxOutputLine = std::size_t{48} << 10;

// What a line of a worker becomes; it has no newline.
using LineFormat = std::string (*)(const std::string& worker, std::string_view line,
                                   std::int64_t realtime_ns);

// "2026-11-23T07:40:10.123456Z web: text\n"
std::string line_for_file(const std::string& worker, std::string_view line,
                          std::int64_t realtime_ns);

// An entry of the journal's native protocol: MESSAGE, PRIORITY (info), SYSLOG_IDENTIFIER and
// PYFAULT_WORKER (the worker's name).
std::string line_for_journal(const std::string& worker, std::string_view line,
                             std::int64_t realtime_ns);

// One stream, as lines. Bytes stay as they are; only a whole line is given out.
class OutputLines {
 public:
  explicit OutputLines(std::string begun = "") : begun_(std::move(begun)) {}

  // Those that are whole now.
  std::vector<std::string> take(std::string_view bytes);

  // What is no whole line yet.
  const std::string& begun() const { return begun_; }

  // A last line that has no newline; or none.
  std::vector<std::string> finish();

 private:
  std::string begun_;
};

// The last `size` bytes of what was written.
class OutputTail {
 public:
  explicit OutputTail(std::size_t size) : size_(size) {}

  void add(std::string_view bytes);
  std::string_view text() const;

 private:
  std::size_t size_;
  std::string bytes_;  // at most twice the size
};

}  // namespace pyfault
