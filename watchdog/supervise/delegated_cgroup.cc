#include "watchdog/supervise/delegated_cgroup.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "watchdog/os/proc_text.h"
#include "watchdog/os/read_file.h"

namespace pyfault {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{1} << 20;
constexpr std::string_view kOurs = "/watchdog";
constexpr std::string_view kWorker = "/worker-";  // no file of the kernel begins like this
// Earlier runs may still have processes in uninterruptible sleep, which cannot die.
constexpr int kMaxNames = 100;

bool write_to(const std::string& path, std::string_view text) {
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return fd && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

bool has_word(const std::string& path, std::string_view word) {
  const std::string text = read_file(path, kMaxBytes).value_or("");
  std::string_view rest = text;
  for (auto each = take_field(rest); !each.empty(); each = take_field(rest)) {
    if (each == word) return true;
  }
  return false;
}

// The mark that systemd sets, readable by everyone.
bool is_delegated(const std::string& folder) {
  char mark = 0;
  return ::getxattr(folder.c_str(), "user.delegate", &mark, sizeof mark) == 1 && mark == '1';
}

}  // namespace

WorkerCgroup::WorkerCgroup(DelegatedCgroup& home, std::string name, UniqueFd procs)
    : home_(&home), name_(std::move(name)), procs_(std::move(procs)) {}

WorkerCgroup::WorkerCgroup(WorkerCgroup&& other) noexcept
    : home_(std::exchange(other.home_, nullptr)),
      name_(std::move(other.name_)),
      procs_(std::move(other.procs_)) {}

WorkerCgroup::~WorkerCgroup() {
  if (home_ != nullptr) home_->remove(name_);
}

std::optional<MemoryCgroup> WorkerCgroup::memory() const {
  if (::access((home_->folder_of(name_) + "/memory.events").c_str(), R_OK) != 0) {
    return std::nullopt;
  }
  return MemoryCgroup{true, home_->path_ + name_};
}

void WorkerCgroup::kill() const {
  write_to(home_->folder_of(name_) + "/cgroup.kill", "1");
}

std::unique_ptr<DelegatedCgroup> DelegatedCgroup::take(const std::string& root) {
  const auto cgroup = unified_cgroup(read_file(root + "/proc/self/cgroup", kMaxBytes).value_or(""));
  const auto mounts = read_file(root + "/proc/self/mountinfo", kMaxBytes);
  if (cgroup.path.empty() || !mounts) return nullptr;
  const std::string folder = pyfault::folder_of(cgroup, *mounts);
  if (folder.empty() || !is_delegated(root + folder)) return nullptr;
  std::unique_ptr<DelegatedCgroup> taken(new DelegatedCgroup(root, root + folder, cgroup.path));
  if (!taken->move_aside()) return nullptr;
  taken->find_leftovers();
  taken->sweep();
  return taken;
}

DelegatedCgroup::DelegatedCgroup(std::string root, std::string folder, std::string path)
    : root_(std::move(root)), folder_(std::move(folder)), path_(std::move(path)) {}

// The leaf exists already if workers have outlived another watchdog.
bool DelegatedCgroup::move_aside() const {
  ::mkdir(folder_of(kOurs).c_str(), 0755);
  if (write_to(folder_of(kOurs) + "/cgroup.procs", "0") && lends_memory()) return true;
  write_to(folder_ + "/cgroup.procs", "0");
  ::rmdir(folder_of(kOurs).c_str());
  return false;
}

// Fails while a process is in the parent cgroup itself. If memory is not accounted here, there is
// no OOM count to preserve.
bool DelegatedCgroup::lends_memory() const {
  return !has_word(folder_ + "/cgroup.controllers", "memory") ||
         write_to(folder_ + "/cgroup.subtree_control", "+memory");
}

// The cgroups of live workers are safe, because one with processes cannot be removed.
void DelegatedCgroup::find_leftovers() {
  std::error_code unreadable;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, unreadable)) {
    std::string leaf = "/" + entry.path().filename().string();
    if (leaf.starts_with(kWorker)) leftovers_.insert(std::move(leaf));
  }
}

std::optional<WorkerCgroup> DelegatedCgroup::make(std::string_view worker) {
  sweep();
  const std::string plain = std::string(kWorker).append(worker);
  std::string leaf = plain;
  int made = ::mkdir(folder_of(leaf).c_str(), 0755);
  for (int number = 2; made != 0 && errno == EEXIST && number <= kMaxNames; ++number) {
    leaf = fmt::format("{}.{}", plain, number);
    made = ::mkdir(folder_of(leaf).c_str(), 0755);
  }
  return made == 0 ? open(std::move(leaf)) : std::nullopt;
}

std::optional<WorkerCgroup> DelegatedCgroup::find(int pid) {
  const std::string file = fmt::format("{}/proc/{}/cgroup", root_, pid);
  const auto cgroup = unified_cgroup(read_file(file, kMaxBytes).value_or(""));
  if (!cgroup.path.starts_with(path_ + std::string(kWorker))) return std::nullopt;
  std::string leaf = cgroup.path.substr(path_.size());
  leaf = leaf.substr(0, leaf.find('/', 1));  // the worker may have subdivided its cgroup
  leftovers_.erase(leaf);
  return open(std::move(leaf));
}

std::vector<std::string> DelegatedCgroup::kill_leftovers() {
  sweep();
  std::vector<std::string> killed(leftovers_.begin(), leftovers_.end());
  for (const std::string& leaf : killed) write_to(folder_of(leaf) + "/cgroup.kill", "1");
  return killed;
}

std::optional<WorkerCgroup> DelegatedCgroup::open(std::string leaf) {
  UniqueFd procs(::open((folder_of(leaf) + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
  if (!procs) return std::nullopt;
  return WorkerCgroup(*this, std::move(leaf), std::move(procs));
}

void DelegatedCgroup::sweep() {
  std::erase_if(leftovers_, [this](const std::string& leaf) {
    return ::rmdir(folder_of(leaf).c_str()) == 0 || errno == ENOENT;
  });
}

std::string DelegatedCgroup::folder_of(std::string_view leaf) const {
  return std::string(folder_).append(leaf);
}

void DelegatedCgroup::remove(const std::string& leaf) {
  leftovers_.insert(leaf);
  sweep();
}

}  // namespace pyfault
