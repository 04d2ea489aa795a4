#include "watchdog/symbolize/process_snapshot.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
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

// Of a network file, the kernel tells what it knows already.
std::optional<struct statx> status_of_regular(const UniqueFd& place) {
  struct statx file {};
  const bool is_known = place && ::statx(place.get(), "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC,
                                         STATX_TYPE | STATX_INO | STATX_SIZE, &file) == 0;
  return is_known && S_ISREG(file.stx_mode) ? std::optional(file) : std::nullopt;
}

bool is_file_of(const UniqueFd& place, const Mapping& mapping) {
  const auto file = status_of_regular(place);
  return file && file->stx_ino == mapping.inode &&
         makedev(file->stx_dev_major, file->stx_dev_minor) == mapping.device;
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

  int directory() const { return proc_.get(); }
  bool has_our_root() const { return root_ && is_our_root(root_); }

  UniqueFd open(const Mapping& mapping) const {
    const UniqueFd place = find(mapping);
    return place ? open_for_reading(place) : UniqueFd();
  }

  std::optional<std::uint64_t> size_of_file(const Mapping& mapping) const {
    const auto file = status_of_regular(find(mapping));
    return file ? std::optional<std::uint64_t>(file->stx_size) : std::nullopt;
  }

 private:
  // Finds the very file that is mapped, if it is a regular one. By its mapping, which leads to it
  // even if it has been deleted or replaced, but is open to root only; or by its path, unless that
  // leads to another.
  UniqueFd find(const Mapping& mapping) const {
    const std::string link = fmt::format("map_files/{:x}-{:x}", mapping.start, mapping.end);
    UniqueFd place(::openat(proc_.get(), link.c_str(), O_PATH | O_CLOEXEC));
    if (status_of_regular(place)) return place;
    place = open_place(root_.get(), mapping.path, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
    return is_file_of(place, mapping) ? std::move(place) : UniqueFd();
  }

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

bool is_same_file(const ModuleFile& module, const Mapping& mapping) {
  return module.device == mapping.device && module.inode == mapping.inode;
}

// Opens the files that stacks point into, each once, innermost first.
class ModuleOpener {
 public:
  ModuleOpener(const Process& process, const MemoryMap& map) : process_(process), map_(map) {}

  void open_those_of(const CapturedStack& stack) {
    visit_words(stack, [this](std::uint64_t word) {
      // Most words point into the same few mappings, or into none.
      const bool is_in_last = last_ && word >= last_->start && word < last_->end;
      const Mapping* mapping = is_in_last ? nullptr : map_.find(word);
      if (!mapping || !is_module(*mapping)) return;
      last_ = mapping;
      if (seen_.insert(mapping).second && seen_.size() <= kMaxModules) open(*mapping);
    });
  }

  std::vector<ModuleFile> take() { return std::move(modules_); }

 private:
  void open(const Mapping& mapping) {
    const bool is_known = std::ranges::any_of(
        modules_, [&](const ModuleFile& each) { return is_same_file(each, mapping); });
    if (is_known) return;
    modules_.push_back({mapping.path, mapping.device, mapping.inode, process_.open(mapping)});
  }

  const Process& process_;
  const MemoryMap& map_;
  const Mapping* last_ = nullptr;
  std::set<const Mapping*> seen_;
  std::vector<ModuleFile> modules_;
};

std::optional<std::uint64_t> file_size_at(std::uint64_t address, const Process& process,
                                          const MemoryMap& map) {
  const Mapping* mapping = map.find(address);
  if (mapping == nullptr || mapping->inode == 0) return std::nullopt;
  return process.size_of_file(*mapping);
}

}  // namespace

std::optional<ProcessSnapshot> take_snapshot(int pid, const RecordedStacks& stacks,
                                             std::chrono::steady_clock::time_point deadline) {
  const Process process(pid);
  const auto maps = process.maps();
  if (!maps) return std::nullopt;
  ProcessSnapshot snapshot{MemoryMap(*maps),      {}, process.has_our_root(),
                           process.environment(), {}, {}};
  ModuleOpener modules(process, snapshot.map);
  modules.open_those_of(stacks.first);
  snapshot.others = read_thread_stacks(
      {process.directory(), pid, stacks.own_pid}, snapshot.map, stacks.others, deadline,
      [&](const CapturedStack& stack) { modules.open_those_of(stack); });
  snapshot.modules = modules.take();
  if (stacks.missing_page) {  // last, for the disk of that file may be at fault
    snapshot.file_size = file_size_at(*stacks.missing_page, process, snapshot.map);
  }
  return snapshot;
}

}  // namespace pyfault
