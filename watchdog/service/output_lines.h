// What a worker writes, as lines that say when and who. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pyfault {

// A line longer than this goes on in another.
inline constexpr std::size_t kMaxOutputLine = std::size_t{48} << 10;

// One stream. Bytes stay as they are; only a whole line is given out.
class OutputLines {
 public:
  explicit OutputLines(std::string worker, std::string begun = "")
      : worker_(std::move(worker)), begun_(std::move(begun)) {}

  // "2026-11-23T07:40:10.123456Z web: text\n" for each line that is whole now.
  std::string take(std::string_view bytes, std::int64_t realtime_ns);

  // What is no whole line yet.
  const std::string& begun() const { return begun_; }

  // A last line that has no newline.
  std::string finish(std::int64_t realtime_ns);

 private:
  void give_out(std::string& lines, std::string_view text, std::int64_t realtime_ns);

  std::string worker_;
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
