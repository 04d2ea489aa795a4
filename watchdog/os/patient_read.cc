#include "watchdog/os/patient_read.h"

#include <unistd.h>

#include <future>
#include <memory>
#include <utility>

#include "watchdog/os/helper_thread.h"
#include "watchdog/os/read_file.h"

namespace pyfault {
namespace {

using Text = std::optional<std::string>;

// Of one process: a copy of it has none of the threads, and leaves what belongs to them alone.
struct Helper {
  pid_t process = ::getpid();
  HelperThread thread{};
};

HelperThread& helper() {
  static Helper* ours = new Helper;  // its threads may outlive everything else
  if (ours->process != ::getpid()) ours = new Helper;
  return ours->thread;
}

}  // namespace

Text read_patiently(const std::string& path, std::size_t limit,
                    std::chrono::milliseconds patience) try {
  auto promise = std::make_shared<std::promise<Text>>();
  std::future<Text> text = promise->get_future();
  const auto job = helper().begin(
      [promise = std::move(promise), path, limit] { promise->set_value(read_file(path, limit)); });
  if (text.wait_for(patience) == std::future_status::ready) return text.get();
  if (job) helper().leave(*job);
  return std::nullopt;
} catch (const std::future_error&) {
  return std::nullopt;  // the job was dropped, or had no memory
}

}  // namespace pyfault
