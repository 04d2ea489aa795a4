#include "watchdog/crash/memory_map.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "watchdog/crash/utf8.h"

namespace pyfault {
namespace {

constexpr std::string_view kDeleted = " (deleted)";

// Reads a line of /proc/PID/maps from the left:
//   7f12a000-7f12b000 r-xp 00002000 fe:01 12345        /usr/lib/libfoo.so (deleted)
class LineReader {
 public:
  explicit LineReader(std::string_view line) : rest_(line) {}

  // Reads a number and the character after it. Fails if another one, or no number, is there.
  std::optional<std::uint64_t> number(char end, int base) {
    std::uint64_t value = 0;
    const char* const begin = rest_.data();
    const auto [stop, error] = std::from_chars(begin, begin + rest_.size(), value, base);
    rest_.remove_prefix(static_cast<std::size_t>(stop - begin));
    if (error != std::errc() || rest_.empty() || rest_.front() != end) return std::nullopt;
    rest_.remove_prefix(1);
    return value;
  }

  std::optional<std::string_view> word(std::size_t size) {
    if (rest_.size() <= size || rest_[size] != ' ') return std::nullopt;
    const std::string_view word = rest_.substr(0, size);
    rest_.remove_prefix(size + 1);
    return word;
  }

  std::string_view rest() const {
    return rest_.substr(std::min(rest_.find_first_not_of(' '), rest_.size()));
  }

 private:
  std::string_view rest_;
};

std::uint64_t device_of(std::uint64_t major, std::uint64_t minor) {
  return (major & 0xfff) << 8 | (major & ~std::uint64_t{0xfff}) << 32 | (minor & 0xff) |
         (minor & ~std::uint64_t{0xff}) << 12;
}

std::optional<Mapping> read_line(std::string_view line) {
  LineReader reader(line);
  const auto start = reader.number('-', 16);
  const auto end = start ? reader.number(' ', 16) : std::nullopt;
  const auto rights = end ? reader.word(4) : std::nullopt;
  const auto offset = rights ? reader.number(' ', 16) : std::nullopt;
  const auto major = offset ? reader.number(':', 16) : std::nullopt;
  const auto minor = major ? reader.number(' ', 16) : std::nullopt;
  const auto inode = minor ? reader.number(' ', 10) : std::nullopt;
  if (!inode || *start >= *end) return std::nullopt;
  Mapping mapping{*start,
                  *end,
                  (*rights)[0] == 'r',
                  (*rights)[1] == 'w',
                  (*rights)[2] == 'x',
                  (*rights)[3] == 's',
                  *offset,
                  device_of(*major, *minor),
                  *inode,
                  replace_invalid_utf8(reader.rest())};
  mapping.deleted = mapping.path.ends_with(kDeleted);
  if (mapping.deleted) mapping.path.erase(mapping.path.size() - kDeleted.size());
  return mapping;
}

}  // namespace

MemoryMap::MemoryMap(std::string_view text) {
  while (!text.empty() && mappings_.size() < kMaxMappings) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    auto mapping = read_line(line);
    const bool in_order = mappings_.empty() || (mapping && mapping->start >= mappings_.back().end);
    if (mapping && in_order) mappings_.push_back(*std::move(mapping));
  }
}

const Mapping* MemoryMap::above(std::uint64_t address) const {
  const auto next = std::ranges::upper_bound(mappings_, address, {}, &Mapping::start);
  return next == mappings_.end() ? nullptr : &*next;
}

const Mapping* MemoryMap::find(std::uint64_t address) const {
  const auto next = std::ranges::upper_bound(mappings_, address, {}, &Mapping::start);
  if (next == mappings_.begin()) return nullptr;
  const Mapping& last = *std::prev(next);
  return address < last.end ? &last : nullptr;
}

const Mapping* MemoryMap::below(std::uint64_t address) const {
  const auto next = std::ranges::upper_bound(mappings_, address, {}, &Mapping::end);
  return next == mappings_.begin() ? nullptr : &*std::prev(next);
}

}  // namespace pyfault
