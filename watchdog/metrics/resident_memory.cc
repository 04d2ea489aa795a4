#include "watchdog/metrics/resident_memory.h"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <string>

#include "watchdog/os/read_file.h"

namespace pyfault {

std::optional<std::int64_t> resident_memory(std::string_view statm, std::int64_t page_size) {
  const std::size_t second = statm.find(' ') + 1;
  std::int64_t pages = 0;
  const auto [end, error] =
      std::from_chars(statm.data() + second, statm.data() + statm.size(), pages);
  if (second == 0 || error != std::errc()) return std::nullopt;
  return pages * page_size;
}

std::optional<std::int64_t> resident_memory(int pid) {
  constexpr std::size_t kAmple = 256;
  const auto statm = read_file(fmt::format("/proc/{}/statm", pid), kAmple);
  if (!statm) return std::nullopt;
  return resident_memory(*statm, ::sysconf(_SC_PAGESIZE));
}

}  // namespace pyfault
