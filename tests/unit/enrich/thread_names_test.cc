#include "watchdog/enrich/thread_names.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>

namespace pyfault::test {
namespace {

// A second thread of this process, named "second", which lives as long as this object.
class SecondThread {
 public:
  SecondThread()
      : thread_([this] {
          pthread_setname_np(pthread_self(), "second");
          tid_ = static_cast<int>(syscall(SYS_gettid));
          tid_.notify_all();
          done_.wait(false);
        }) {
    tid_.wait(0);
  }
  ~SecondThread() {
    done_ = true;
    done_.notify_all();
    thread_.join();
  }
  SecondThread(const SecondThread&) = delete;
  SecondThread& operator=(const SecondThread&) = delete;
  int tid() const { return tid_; }

 private:
  std::atomic<int> tid_{0};
  std::atomic<bool> done_{false};
  std::thread thread_;
};

class ThreadNames : public ::testing::Test {
 protected:
  Thread& add(int tid) {
    crash_.pid = getpid();
    crash_.threads.push_back({});
    crash_.threads.back().tid = tid;
    crash_.threads.back().interpreter = 0;
    return crash_.threads.back();
  }
  void name() { add_thread_names(crash_, getpid()); }

  SecondThread second_;
  Crash crash_;
};

TEST_F(ThreadNames, call_the_first_thread_the_main_thread) {
  const Thread& main = add(getpid());
  name();
  EXPECT_EQ(main.name, "MainThread");
}

TEST_F(ThreadNames, call_another_thread_what_the_kernel_calls_it) {
  const Thread& thread = add(second_.tid());
  name();
  EXPECT_EQ(thread.name, "second");
}

TEST_F(ThreadNames, keep_what_python_calls_a_thread) {
  Thread& thread = add(second_.tid());
  thread.name = "worker-1";
  name();
  EXPECT_EQ(thread.name, "worker-1");
  EXPECT_EQ(thread.native_name, "second");
}

TEST_F(ThreadNames, do_not_call_a_first_thread_without_python_the_main_thread) {
  Thread& thread = add(getpid());
  thread.interpreter.reset();
  name();
  EXPECT_NE(thread.name, "MainThread");
}

TEST_F(ThreadNames, know_the_main_thread_of_a_process_that_is_gone) {
  const Thread& main = add(getpid());
  add_thread_names(crash_, std::nullopt);
  EXPECT_EQ(main.name, "MainThread");
}

TEST_F(ThreadNames, stay_unknown_for_a_thread_that_is_gone) {
  const Thread& thread = add(0x3fffffff);
  name();
  EXPECT_EQ(thread.name, "");
}

}  // namespace
}  // namespace pyfault::test
