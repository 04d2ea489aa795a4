#include "watchdog/symbolize/thread_stacks.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/ucontext.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <iterator>
#include <map>
#include <memory>
#include <numeric>
#include <string_view>
#include <utility>

#include "watchdog/os/proc_text.h"
#include "watchdog/os/read_file.h"
#include "watchdog/os/thread_user.h"
#include "watchdog/os/unique_fd.h"

namespace pyfault {
namespace {

using Clock = std::chrono::steady_clock;

// A thread that waits with a timeout, as for the GIL, runs for a moment from time to time.
constexpr int kRounds = 3;
constexpr timespec kBetweenRounds{0, 2'000'000};

constexpr std::size_t kMaxSaid = 512;
constexpr std::size_t kMaxStatus = std::size_t{16} << 10;
constexpr std::size_t kMaxListed = 1024;  // threads that are looked through for one without a tid
constexpr std::uint64_t kRedZone = 128;

constexpr char kGone[] = "the thread has ended";
constexpr char kRunning[] = "it was running";
constexpr char kTooLate[] = "there was no time left to read it";
constexpr char kWriter[] = "the thread that is shown first runs it";
constexpr char kUnknown[] = "it is not known which thread of the process it is";

std::uint64_t aligned(std::uint64_t address) {
  return address / kRecordAlignment * kRecordAlignment;
}

std::string refusal(int error) {
  if (error == EPERM || error == EACCES) return "the watchdog has no right to read it";
  if (error == ENOENT || error == ESRCH) return kGone;
  return std::strerror(error);
}

// Where a thread is that waits in the kernel.
struct Place {
  std::uint64_t program_counter = 0;
  std::uint64_t stack_pointer = 0;
};

// Removes the last field from the end of `text`, a number such as " 0x7ffe70d9ac08".
std::optional<std::uint64_t> take_last_address(std::string_view& text) {
  constexpr std::string_view kPrefix = " 0x";
  const std::size_t begin = text.rfind(kPrefix);
  if (begin == text.npos) return std::nullopt;
  std::string_view digits = text.substr(begin + kPrefix.size());
  text = text.substr(0, begin);
  return take_number<std::uint64_t>(digits, 16);
}

// `text`: "running", or what ends with stack pointer and program counter.
std::optional<Place> parse_place(std::string_view text) {
  const auto program_counter = take_last_address(text);
  const auto stack_pointer = take_last_address(text);
  if (!program_counter || !stack_pointer) return std::nullopt;
  return Place{*program_counter, *stack_pointer};
}

// Returns what the kernel says now, which changes when the thread goes on; empty, with errno, if it
// says nothing.
std::string text_of(const UniqueFd& file) {
  std::string text(kMaxSaid, '\0');
  const ssize_t size = ::pread(file.get(), text.data(), text.size(), 0);
  if (size == 0) errno = ESRCH;
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  return text;
}

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

class ThreadReader {
 public:
  ThreadReader(const LivingProcess& process, const MemoryMap& map) : process_(process), map_(map) {}

  // Returns why there is no stack; empty if there is one.
  std::string read(const ThreadToRead& thread, CapturedStack& stack) {
    if (thread.is_writer) return kWriter;
    const auto tid = find(thread);
    if (!tid) return kUnknown;
    const UniqueFd file = open_as_owner(fmt::format("task/{}/syscall", *tid));
    const std::string before = file ? text_of(file) : "";
    if (before.empty()) return refusal(errno);
    const auto place = parse_place(before);
    if (!place) return kRunning;
    std::string why_not = copy(*tid, *place, stack);
    if (!why_not.empty()) return why_not;
    if (text_of(file) != before) {
      stack = CapturedStack();
      return kRunning;
    }
    stack.anchors = thread.anchors;
    return "";
  }

 private:
  UniqueFd open_in_process(const std::string& path) const {
    return UniqueFd(::openat(process_.directory, path.c_str(), O_RDONLY | O_CLOEXEC));
  }

  // The file is closed to other users, even to one who may trace the process.
  UniqueFd open_as_owner(const std::string& path) const {
    UniqueFd file = open_in_process(path);
    struct stat status {};
    if (file || errno != EACCES || ::fstatat(process_.directory, path.c_str(), &status, 0) != 0) {
      return file;
    }
    const ThreadUser owner(status.st_uid);
    return open_in_process(path);
  }

  // Copies the stack from the red zone upwards, to the end of its mapping at most.
  std::string copy(int tid, const Place& place, CapturedStack& stack) const {
    const Mapping* mapping = map_.find(place.stack_pointer);
    if (mapping == nullptr) return "its stack pointer leads nowhere";
    const std::uint64_t begin = std::max(mapping->start, aligned(place.stack_pointer - kRedZone));
    const std::size_t size = std::min<std::uint64_t>(mapping->end - begin, kMaxThreadStackBytes);
    StackChunk chunk{begin, std::vector<std::byte>(size)};
    const iovec to{chunk.bytes.data(), size};
    const iovec from{reinterpret_cast<void*>(begin), size};
    const ssize_t count = ::process_vm_readv(tid, &to, 1, &from, 1, 0);
    if (count <= 0) return refusal(errno);
    chunk.bytes.resize(aligned(static_cast<std::size_t>(count)));
    stack.registers[REG_RIP] = place.program_counter;
    stack.registers[REG_RSP] = place.stack_pointer;
    stack.stack_end = mapping->end;
    stack.chunks.push_back(std::move(chunk));
    return "";
  }

  // Returns the thread's number as seen by the watchdog.
  std::optional<int> find(const ThreadToRead& thread) {
    if (!thread.tid) return find_by_ident(thread.ident);
    if (process_.pid == process_.own_pid) return thread.tid;
    if (*thread.tid == process_.own_pid) return process_.pid;
    if (!by_own_tid_) by_own_tid_ = list_by_own_tid();
    const auto found = by_own_tid_->find(*thread.tid);
    return found != by_own_tid_->end() ? std::optional(found->second) : std::nullopt;
  }

  // The struct pthread to which the ident points lies at the top of the thread's stack.
  std::optional<int> find_by_ident(std::uint64_t ident) {
    const Mapping* mapping = map_.find(ident);
    if (mapping == nullptr) return std::nullopt;
    if (!by_stack_) by_stack_ = list_by_stack();
    const auto [first, last] = by_stack_->equal_range(mapping);
    const bool is_only_one = first != last && std::next(first) == last;
    return is_only_one ? std::optional(first->second) : std::nullopt;
  }

  std::map<int, int> list_by_own_tid() const {
    std::map<int, int> numbers;
    for (const int tid : tasks()) {
      const UniqueFd file = open_in_process(fmt::format("task/{}/status", tid));
      const std::string status = file ? read_up_to(file.get(), kMaxStatus) : "";
      std::string_view all = value_of(status, "NSpid:");
      std::optional<int> innermost;
      while (const auto number = take_number<int>(all)) innermost = number;
      if (innermost) numbers.emplace(*innermost, tid);
    }
    return numbers;
  }

  std::multimap<const Mapping*, int> list_by_stack() const {
    std::multimap<const Mapping*, int> threads;
    for (const int tid : tasks()) {
      const UniqueFd file = open_as_owner(fmt::format("task/{}/syscall", tid));
      const auto place = file ? parse_place(text_of(file)) : std::nullopt;
      if (place) threads.emplace(map_.find(place->stack_pointer), tid);
    }
    return threads;
  }

  std::vector<int> tasks() const {
    std::vector<int> tids;
    UniqueFd opened(::openat(process_.directory, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const std::unique_ptr<DIR, CloseDirectory> directory(::fdopendir(opened.get()));
    if (!directory) return tids;
    static_cast<void>(opened.release());
    while (const dirent* entry = ::readdir(directory.get())) {
      std::string_view name = entry->d_name;
      if (const auto tid = take_number<int>(name)) tids.push_back(*tid);
      if (tids.size() == kMaxListed) break;
    }
    return tids;
  }

  const LivingProcess& process_;
  const MemoryMap& map_;
  std::optional<std::map<int, int>> by_own_tid_;
  std::optional<std::multimap<const Mapping*, int>> by_stack_;
};

}  // namespace

std::vector<ThreadReading> read_thread_stacks(
    const LivingProcess& process, const MemoryMap& map, const std::vector<ThreadToRead>& threads,
    Clock::time_point deadline, const std::function<void(const CapturedStack&)>& on_read) {
  std::vector<ThreadReading> readings(threads.size());
  for (ThreadReading& reading : readings) reading.why_not = kTooLate;
  std::vector<std::size_t> left(threads.size());
  std::iota(left.begin(), left.end(), std::size_t{0});
  ThreadReader reader(process, map);
  for (int round = 0; round < kRounds && !left.empty(); ++round) {
    if (round > 0) ::nanosleep(&kBetweenRounds, nullptr);
    std::vector<std::size_t> running;
    for (const std::size_t index : left) {
      if (Clock::now() >= deadline) return readings;
      ThreadReading& reading = readings[index];
      reading.why_not = reader.read(threads[index], reading.stack);
      if (reading.why_not.empty()) on_read(reading.stack);
      if (reading.why_not == kRunning) running.push_back(index);
    }
    left = std::move(running);
  }
  return readings;
}

}  // namespace pyfault
