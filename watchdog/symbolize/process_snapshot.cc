#include "watchdog/symbolize/process_snapshot.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "watchdog/os/proc_text.h"
#include "watchdog/os/read_file.h"
#include "watchdog/os/unique_fd.h"

namespace pyfault {
namespace {

constexpr std::size_t kMaxMapBytes = std::size_t{8} << 20;
constexpr std::size_t kMaxStatBytes = 4096;

// The fields of /proc/PID/stat (proc_pid_stat(5)) between the name, which may hold anything, and
// env_start.
constexpr int kFieldsBeforeEnvironment = 47;

UniqueFd open_place(int directory, const std::string& path, std::uint64_t resolve) {
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = resolve;
  return UniqueFd(
      static_cast<int>(syscall(SYS_openat2, directory, path.c_str(), &how, sizeof how)));
}

// Only a regular file is opened: to open a device or a FIFO has effects.
UniqueFd open_for_reading(const UniqueFd& place) {
  const std::string link = fmt::format("/proc/self/fd/{}", place.get());
  return UniqueFd(::open(link.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
}

bool is_regular(const UniqueFd& place) {
  struct stat file {};
  return place && ::fstat(place.get(), &file) == 0 && S_ISREG(file.st_mode);
}

bool is_file_of(const UniqueFd& place, const Mapping& mapping) {
  struct stat file {};
  return is_regular(place) && ::fstat(place.get(), &file) == 0 && file.st_ino == mapping.inode &&
         file.st_dev == mapping.device;
}

bool is_our_root(const UniqueFd& root) {
  struct stat theirs {};
  struct stat ours {};
  return ::fstat(root.get(), &theirs) == 0 && ::stat("/", &ours) == 0 &&
         theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
}

class Process {
 public:
  explicit Process(int pid)
      : proc_(::open(fmt::format("/proc/{}", pid).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)),
        root_(::openat(proc_.get(), "root", O_PATH | O_DIRECTORY | O_CLOEXEC)) {}

  std::optional<std::string> maps() const {
    const UniqueFd file(::openat(proc_.get(), "maps", O_RDONLY | O_CLOEXEC));
    std::string text = file ? read_up_to(file.get(), kMaxMapBytes) : std::string();
    return text.empty() ? std::nullopt : std::optional(std::move(text));
  }

  std::uint64_t environment() const {
    const UniqueFd file(::openat(proc_.get(), "stat", O_RDONLY | O_CLOEXEC));
    const std::string stat = file ? read_up_to(file.get(), kMaxStatBytes) : std::string();
    std::string_view fields = std::string_view(stat).substr(stat.rfind(')') + 1);
    for (int field = 0; field < kFieldsBeforeEnvironment; ++field) take_field(fields);
    return take_number<std::uint64_t>(fields).value_or(0);
  }

  bool has_our_root() const { return root_ && is_our_root(root_); }

  // Opens the very file that is mapped. By its mapping, which leads to it even if it has been
  // deleted or replaced, but is open to root only; or by its path, unless that leads to another.
  UniqueFd open(const Mapping& mapping) const {
    const std::string link = fmt::format("map_files/{:x}-{:x}", mapping.start, mapping.end);
    UniqueFd place(::openat(proc_.get(), link.c_str(), O_PATH | O_CLOEXEC));
    if (!is_regular(place)) {
      place = open_place(root_.get(), mapping.path, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
      if (!is_file_of(place, mapping)) return {};
    }
    return open_for_reading(place);
  }

 private:
  UniqueFd proc_;
  UniqueFd root_;
};

bool is_module(const Mapping& mapping) {
  return mapping.executable && mapping.inode != 0;
}

// Visits every word of the stack that may be an address of code, and the program counter.
template <typename Visit>
void visit_words(const CapturedStack& stack, Visit visit) {
  for (const std::uint64_t value : stack.registers) visit(value);
  for (const StackChunk& chunk : stack.chunks) {
    for (std::size_t at = 0; at + sizeof(std::uint64_t) <= chunk.bytes.size();
         at += sizeof(std::uint64_t)) {
      std::uint64_t word = 0;
      std::memcpy(&word, chunk.bytes.data() + at, sizeof word);
      visit(word);
    }
  }
}

// Returns the executable mappings of files that the stack points into, one of each file, innermost
// first.
std::vector<const Mapping*> modules_on_stack(const MemoryMap& map, const CapturedStack& stack) {
  std::vector<const Mapping*> found;
  std::set<const Mapping*> seen;
  const Mapping* last = nullptr;  // most words point into the same few mappings, or into none
  visit_words(stack, [&](std::uint64_t word) {
    const bool is_in_last = last && word >= last->start && word < last->end;
    const Mapping* mapping = is_in_last ? nullptr : map.find(word);
    if (!mapping || !is_module(*mapping)) return;
    last = mapping;
    if (seen.insert(mapping).second && found.size() < kMaxModules) found.push_back(mapping);
  });
  return found;
}

bool is_same_file(const ModuleFile& module, const Mapping& mapping) {
  return module.device == mapping.device && module.inode == mapping.inode;
}

}  // namespace

std::optional<ProcessSnapshot> take_snapshot(int pid, const CapturedStack& stack) {
  const Process process(pid);
  const auto maps = process.maps();
  if (!maps) return std::nullopt;
  ProcessSnapshot snapshot{MemoryMap(*maps), {}, process.has_our_root(), process.environment()};
  for (const Mapping* mapping : modules_on_stack(snapshot.map, stack)) {
    const bool is_known = std::ranges::any_of(
        snapshot.modules, [&](const ModuleFile& each) { return is_same_file(each, *mapping); });
    if (is_known) continue;
    snapshot.modules.push_back(
        {mapping->path, mapping->device, mapping->inode, process.open(*mapping)});
  }
  return snapshot;
}

}  // namespace pyfault
