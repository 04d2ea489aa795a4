#include "watchdog/service/systemd_notifier.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <ctime>
#include <string_view>
#include <utility>

#include "watchdog/os/environment.h"
#include "watchdog/os/proc_text.h"

namespace pyfault {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// The manager's socket is full for a moment when it is very busy.
constexpr milliseconds kRetryAfter{20};
// Bounds the memory and the descriptors in the queue when the manager no longer reads.
constexpr std::size_t kMaxWaiting = 4096;

// Stopping workers in turn may take long. Sent with each ping, this extends the stop timeout for as
// long as the event loop is not stuck.
constexpr std::string_view kMoreTime = "EXTEND_TIMEOUT_USEC=120000000";

std::int64_t monotonic_usec() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

}  // namespace

NotifySettings notify_settings() {
  std::string_view pid = environment_variable("WATCHDOG_PID");
  std::string_view interval = environment_variable("WATCHDOG_USEC");
  const bool for_us = pid.empty() || take_number<int>(pid) == ::getpid();
  const auto watchdog = take_number<std::int64_t>(interval).value_or(0);
  return {std::string(environment_variable("NOTIFY_SOCKET")), microseconds(for_us ? watchdog : 0)};
}

SystemdNotifier::SystemdNotifier(boost::asio::io_context& io, const NotifySettings& terms)
    : socket_(terms.notify_socket), ping_interval_(terms.watchdog / 2), ping_(io), retry_(io) {
  if (socket_ && ping_interval_.count() > 0) send_watchdog_ping();
}

// Runs on the event loop, so a stuck loop sends no pings.
void SystemdNotifier::send_watchdog_ping() {
  say(stopping_ ? "WATCHDOG=1\n" + std::string(kMoreTime) : "WATCHDOG=1");
  ping_.start(ping_interval_, [this] { send_watchdog_ping(); });
}

void SystemdNotifier::say_ready() {
  say("READY=1");
}

void SystemdNotifier::say_reloading() {
  say("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(monotonic_usec()));
}

void SystemdNotifier::say_stopping() {
  if (std::exchange(stopping_, true)) return;
  say("STOPPING=1\n" + std::string(kMoreTime));
}

void SystemdNotifier::say_status(const std::string& text) {
  if (text == status_) return;
  status_ = text;
  say("STATUS=" + text);
}

// Without FDPOLL=0, systemd would discard a pipe, with its contents, once its writers are gone.
bool SystemdNotifier::keep(const std::string& name, std::span<const int> descriptors,
                           std::function<void()> kept) {
  return say("FDSTORE=1\nFDPOLL=0\nFDNAME=" + name, descriptors, std::move(kept));
}

void SystemdNotifier::drop(const std::string& name) {
  say("FDSTOREREMOVE=1\nFDNAME=" + name);
}

bool SystemdNotifier::say(std::string text, std::span<const int> descriptors,
                          std::function<void()> sent) {
  if (!socket_) return false;
  if (waiting_.empty()) {
    const SdNotify::Outcome outcome = socket_.send(text, descriptors);
    if (outcome != SdNotify::Outcome::kLater) return outcome == SdNotify::Outcome::kDone;
  }
  if (waiting_.size() >= kMaxWaiting) return false;
  Message message{std::move(text), {}, std::move(sent)};
  for (const int fd : descriptors) {
    message.descriptors.emplace_back(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  }
  waiting_.push_back(std::move(message));
  try_again_later();
  return false;
}

void SystemdNotifier::flush() {
  while (!waiting_.empty()) {
    std::vector<int> descriptors;
    for (const UniqueFd& fd : waiting_.front().descriptors) descriptors.push_back(fd.get());
    const SdNotify::Outcome outcome = socket_.send(waiting_.front().text, descriptors);
    if (outcome == SdNotify::Outcome::kLater) return;
    const Message message = std::move(waiting_.front());
    waiting_.pop_front();
    if (outcome == SdNotify::Outcome::kDone && message.sent) message.sent();
  }
}

void SystemdNotifier::try_again_later() {
  retry_.start(kRetryAfter, [this] {
    flush();
    if (!waiting_.empty()) try_again_later();
  });
}

void SystemdNotifier::finish(milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  for (flush(); !waiting_.empty() && std::chrono::steady_clock::now() < deadline; flush()) {
    socket_.await_room(static_cast<int>(kRetryAfter.count()));
  }
  socket_ = {};
  waiting_.clear();
}

}  // namespace pyfault
