#include "watchdog/os/timed_read.h"

#include <unistd.h>

#include <future>
#include <memory>
#include <utility>

#include "watchdog/os/helper_thread.h"
#include "watchdog/os/read_file.h"

namespace pyfault {
namespace {

using Text = std::optional<std::string>;

// Bound to one process: a forked child has none of the threads, so it creates its own helper and
// does not touch the inherited one.
struct Helper {
  pid_t process = ::getpid();
  HelperThread thread{};
};

HelperThread& helper() {
  static Helper* ours = new Helper;  // never freed: its threads may outlive static destruction
  if (ours->process != ::getpid()) ours = new Helper;
  return ours->thread;
}

}  // namespace

Text read_with_timeout(const std::string& path, std::size_t limit,
                       std::chrono::milliseconds patience) try {
  auto promise = std::make_shared<std::promise<Text>>();
  std::future<Text> text = promise->get_future();
  const auto job = helper().begin(
      [promise = std::move(promise), path, limit] { promise->set_value(read_file(path, limit)); });
  if (text.wait_for(patience) == std::future_status::ready) return text.get();
  if (job) helper().leave(*job);
  return std::nullopt;
} catch (const std::future_error&) {
  return std::nullopt;  // the job was dropped, or failed to allocate
}

}  // namespace pyfault
