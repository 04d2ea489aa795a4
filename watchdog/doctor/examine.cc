#include "watchdog/doctor/examine.h"

#include <sys/mman.h>
#include <sys/statvfs.h>

#include <charconv>
#include <cstdlib>

#include "watchdog/os/read_file.h"
#include "watchdog/os/unique_fd.h"

namespace pyfault {
namespace {

bool can_make_memfd() {
  const UniqueFd file(::memfd_create("pyfault-doctor", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  return bool{file};
}

rlim_t soft_limit(__rlimit_resource resource) {
  rlimit limit{};
  return ::getrlimit(resource, &limit) == 0 ? limit.rlim_cur : RLIM_INFINITY;
}

std::optional<int> read_number(const std::string& path) {
  constexpr std::size_t kDigits = 16;
  const auto text = read_file(path, kDigits);
  int number = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), number).ec != std::errc{})
    return std::nullopt;
  return number;
}

}  // namespace

void examine_system(Facts& facts) {
  facts.memfd = can_make_memfd();
  facts.ptrace_scope = read_number("/proc/sys/kernel/yama/ptrace_scope");
  facts.open_files = soft_limit(RLIMIT_NOFILE);
  facts.address_space = soft_limit(RLIMIT_AS);
  facts.file_size = soft_limit(RLIMIT_FSIZE);
  facts.stack = soft_limit(RLIMIT_STACK);
  const char* preload = std::getenv("LD_PRELOAD");
  facts.other_preload = preload == nullptr ? "" : preload;
  struct statvfs system {};
  facts.agent_on_noexec =
      ::statvfs(facts.agent.c_str(), &system) == 0 && (system.f_flag & ST_NOEXEC) != 0;
}

}  // namespace pyfault
