// A thread for work that may hang: reading another process's memory, a disk or a user directory.
// The caller can abandon a job; the thread is then left running it and a new thread takes its
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

  // Limit on abandoned threads that are still busy with a job.
  static constexpr std::size_t kMaxHanging = 4;

  // `on_done`, if given, is called on the helper thread after each job. It is not called after
  // leave() of that job, nor after the destructor.
  explicit HelperThread(Job on_done = {}) : on_done_(std::move(on_done)) {}
  ~HelperThread();
  HelperThread(const HelperThread&) = delete;
  HelperThread& operator=(const HelperThread&) = delete;

  using Number = std::uint64_t;

  // Queues a job; jobs run in order, on a thread that is started with the first one. A job that
  // throws std::exception counts as done. Returns nullopt, and drops the job, if no thread can be
  // started or kMaxHanging abandoned threads still hang.
  std::optional<Number> begin(Job job);

  // Abandons this job unless it has ended, and with it the thread, which finishes what it is
  // running. The other jobs that have not begun move to a new thread; if there is none to be had,
  // they are dropped.
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
