#include "watchdog/enrich/descendants.h"

#include <dirent.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include "watchdog/enrich/process_info.h"
#include "watchdog/os/proc_text.h"
#include "watchdog/os/read_file.h"

namespace pyfault {
namespace {

// Bounds a walk over processes with very many threads.
constexpr std::size_t kThreadsPerProcess = 256;
constexpr std::size_t kMaxList = std::size_t{64} << 10;

bool is_alive(const ProcessStat& process) {
  return process.state != 'Z' && process.state != 'X';
}

}  // namespace

std::vector<int> children_of(int pid, std::size_t& reads) {
  const std::string path = fmt::format("/proc/{}/task", pid);
  const std::unique_ptr<DIR, int (*)(DIR*)> threads(::opendir(path.c_str()), &::closedir);
  std::vector<int> children;
  while (const dirent* thread = threads ? ::readdir(threads.get()) : nullptr) {
    if (thread->d_name[0] == '.') continue;
    if (reads == 0) break;
    --reads;
    const auto list = read_file(fmt::format("{}/{}/children", path, thread->d_name), kMaxList);
    std::string_view rest = list ? std::string_view(*list) : std::string_view();
    while (const auto child = take_number<int>(rest)) children.push_back(*child);
  }
  return children;
}

std::vector<Descendant> descendants_of(int root, std::size_t& reads) {
  std::vector<Descendant> found;
  const auto add_children_of = [&](int parent) {
    const std::size_t most = std::min(kThreadsPerProcess, reads);
    std::size_t left = most;
    const std::vector<int> children = children_of(parent, left);
    reads -= most - left;
    for (const int pid : children) {
      if (reads == 0) return;
      --reads;
      const auto stat = read_process_stat(pid);
      if (stat && stat->ppid == parent && is_alive(*stat))
        found.push_back({pid, stat->start_ticks});
    }
  };
  add_children_of(root);
  std::size_t next = 0;
  while (next < found.size()) add_children_of(found[next++].pid);
  return found;
}

}  // namespace pyfault
