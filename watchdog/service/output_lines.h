// Splits a worker's output into lines and formats them with time and worker name. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pyfault {

// Longer lines are split.
inline constexpr std::size_t kMaxOutputLine = std::size_t{48} << 10;

// Formats one line of a worker, which is passed without its newline.
using LineFormat = std::string (*)(const std::string& worker, std::string_view line,
                                   std::int64_t realtime_ns);

// "2026-11-23T07:40:10.123456Z web: text\n"
std::string line_for_file(const std::string& worker, std::string_view line,
                          std::int64_t realtime_ns);

// An entry of the journal's native protocol: MESSAGE, PRIORITY (info), SYSLOG_IDENTIFIER and
// PYFAULT_WORKER (the worker's name).
std::string line_for_journal(const std::string& worker, std::string_view line,
                             std::int64_t realtime_ns);

// Splits one stream into lines. Bytes are kept unchanged; only whole lines are returned.
class OutputLines {
 public:
  explicit OutputLines(std::string begun = "") : begun_(std::move(begun)) {}

  // Returns the lines that `bytes` completes.
  std::vector<std::string> take(std::string_view bytes);

  // The incomplete last line.
  const std::string& begun() const { return begun_; }

  // Returns the incomplete last line, if there is one.
  std::vector<std::string> finish();

 private:
  std::string begun_;
};

// Keeps the last `size` bytes written.
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
