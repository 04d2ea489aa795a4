// A thread for work that may hang: another process's memory, a disk, a directory of users. Whoever
// wants it done can go on without: the thread is left to its work then, and another one takes its
// place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace pyfault {

class HelperThread {
 public:
  using Job = std::function<void()>;

  // Threads that were left to a job which they have not ended.
  static constexpr std::size_t kMostHanging = 4;

  // `on_done`, if given, is called on the thread after each job; never after leave() of that job,
  // nor after the destruction.
  explicit HelperThread(Job on_done = {}) : on_done_(std::move(on_done)) {}
  ~HelperThread();
  HelperThread(const HelperThread&) = delete;
  HelperThread& operator=(const HelperThread&) = delete;

  using Number = std::uint64_t;

  // Does it after those that were begun before, on a thread that comes with the first. A job that
  // throws std::exception has ended. None when there is no thread to be had, or too many hang: it
  // is dropped.
  std::optional<Number> begin(Job job);

  // Gives this job up, unless it has ended: the thread is left to what it is at. The jobs that it
  // has not begun go to another thread, but for this one; where there is none they are dropped.
  void leave(Number job);

 private:
  class Thread;
  struct Numbered {
    Number number = 0;
    Job job;
  };

  bool add(Numbered job);

  const Job on_done_;
  Number next_ = 1;
  std::shared_ptr<Thread> thread_;
  std::vector<std::weak_ptr<Thread>> left_;
};

}  // namespace pyfault
