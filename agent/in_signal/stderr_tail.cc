#include "agent/in_signal/stderr_tail.h"

#include <atomic>

#include "agent/in_signal/system_calls.h"

namespace pyfault {
namespace {

constexpr std::int64_t kRecently = 1'000'000'000;
constexpr std::size_t kThreads = 8;
constexpr std::size_t kMarks = 32;

// The position of the tail at one moment. All marks but one fit into a second.
struct Mark {
  std::int64_t at_ns;
  std::uint64_t position;
};
constexpr std::int64_t kBetweenMarks = kRecently / (kMarks - 1) + 1;

// A position counts all bytes ever written, and is taken modulo the size of the buffer.
class Tail {
 public:
  std::atomic<std::uintptr_t> owner{0};  // its thread's thread pointer
  std::atomic<std::int64_t> last_ns{0};

  void append(const char* bytes, std::size_t size, std::int64_t now_ns) {
    const std::uint64_t end = end_.load();
    if (now_ns - marks_[newest_ % kMarks].at_ns >= kBetweenMarks) {
      marks_[++newest_ % kMarks] = {now_ns, end};
    }
    const std::size_t skipped = size > kMaxStderrTail ? size - kMaxStderrTail : 0;
    for (std::size_t index = skipped; index < size; ++index) {
      bytes_[(end + index) % kMaxStderrTail] = bytes[index];
    }
    end_.store(end + size);
    last_ns.store(now_ns);
  }

  void start_anew() {
    for (Mark& mark : marks_) mark = {0, end_.load()};
  }

  // The thread that owns the tail may be writing at the same time.
  bool copy_recent(std::int64_t now_ns, char (&text)[kMaxStderrTail + 1]) const {
    const std::uint64_t end = end_.load();
    std::uint64_t begin = end;
    for (const Mark& mark : marks_) {
      if (now_ns - mark.at_ns <= kRecently && mark.position < begin) begin = mark.position;
    }
    if (end - begin > kMaxStderrTail) begin = end - kMaxStderrTail;
    const auto count = static_cast<std::size_t>(end - begin);
    std::size_t size = 0;
    for (; size < count; ++size) text[size] = bytes_[(begin + size) % kMaxStderrTail];
    while (size > 0 && text[size - 1] == '\n') --size;
    text[size] = '\0';
    return size > 0;
  }

 private:
  std::atomic<std::uint64_t> end_{0};
  std::uint64_t newest_ = 0;  // the number of the newest mark
  Mark marks_[kMarks] = {};
  char bytes_[kMaxStderrTail] = {};
};

Tail tails[kThreads];

bool is_recent(const Tail& tail, std::int64_t now_ns) {
  return tail.owner.load() != 0 && now_ns - tail.last_ns.load() <= kRecently;
}

Tail* tail_of(std::uintptr_t thread) {
  for (Tail& tail : tails) {
    if (tail.owner.load() == thread) return &tail;
  }
  return nullptr;
}

// Takes a free tail, or that of the thread that has been silent longest. Returns null if another
// thread takes it first.
Tail* take_tail(std::uintptr_t thread) {
  Tail* chosen = &tails[0];
  for (Tail& tail : tails) {
    if (tail.last_ns.load() < chosen->last_ns.load()) chosen = &tail;
  }
  std::uintptr_t owner = chosen->owner.load();
  if (!chosen->owner.compare_exchange_strong(owner, thread)) return nullptr;
  chosen->start_anew();
  return chosen;
}

const Tail* latest(std::int64_t now_ns) {
  const Tail* found = nullptr;
  for (const Tail& tail : tails) {
    if (!is_recent(tail, now_ns)) continue;
    if (found == nullptr || tail.last_ns.load() > found->last_ns.load()) found = &tail;
  }
  return found;
}

}  // namespace

void remember_stderr(const char* bytes, std::size_t size, std::int64_t now_ns) {
  const std::uintptr_t thread = thread_pointer();
  Tail* tail = tail_of(thread);
  if (tail == nullptr) tail = take_tail(thread);
  if (tail != nullptr) tail->append(bytes, size, now_ns);
}

bool find_stderr_tail(std::uintptr_t thread, std::int64_t now_ns,
                      char (&text)[kMaxStderrTail + 1]) {
  const Tail* own = tail_of(thread);
  if (own != nullptr && own->copy_recent(now_ns, text)) return true;
  const Tail* other = latest(now_ns);
  return other != nullptr && other->copy_recent(now_ns, text);
}

}  // namespace pyfault
