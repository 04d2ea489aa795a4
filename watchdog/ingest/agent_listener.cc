#include "watchdog/ingest/agent_listener.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "watchdog/os/random_hex.h"
#include "watchdog/os/seqpacket.h"

namespace pyfault {
namespace {

std::vector<std::string> runtime_places() {
  std::vector<std::string> places{"/run", "/tmp"};
  const char* own = std::getenv("XDG_RUNTIME_DIR");
  if (own != nullptr && own[0] == '/') places.insert(places.begin(), own);
  return places;
}

// The format is described in shared/handshake.h.
std::string suffix_for(const DumpSignals& signals) {
  const bool is_usual = signals.before_handlers == std::vector<int>{SIGABRT};
  if (is_usual && signals.on_request == 0) return "";
  std::string suffix = fmt::format(".{}", signals.on_request);
  if (is_usual) return suffix;
  if (signals.before_handlers.empty()) return suffix + ".0";
  for (const int signal : signals.before_handlers) suffix += fmt::format(".{}", signal);
  return suffix;
}

// The kernel keeps the page that a byte was read from for the next write, so the first crash need
// not wait for one. For a pipe that no other process knows yet.
void keep_page(int pipe) {
  char byte = 0;
  [[maybe_unused]] const bool is_kept = ::write(pipe, &byte, 1) == 1 && ::read(pipe, &byte, 1) == 1;
}

}  // namespace

void AgentListener::remove_abandoned() {
  for (const std::string& place : runtime_places()) remove_abandoned_folders(place);
}

AgentListener::AgentListener(const DumpSignals& signals,
                             std::optional<std::vector<UniqueFd>> inherited) {
  if (inherited) {
    listeners_ = std::move(*inherited);
    take_over();
  } else {
    listen(signals);
  }
}

void AgentListener::listen(const DumpSignals& signals) {
  if (auto folder = SocketFolder::make(runtime_places(), suffix_for(signals))) {
    folder_.emplace(std::move(*folder));
  }
  if (folder_) listen_at_file();
  if (folder_) open_wake_pipe();
  const std::string name = folder_
                               ? folder_->socket()
                               : fmt::format("pyfault-watchdog-{}-{}{}", ::getpid(),
                                             random_hex(kListenerNameBytes), suffix_for(signals));
  address_ = "@" + name;
  listeners_.push_back(listen_abstract(name));
}

void AgentListener::take_over() {
  for (const UniqueFd& listener : listeners_) {
    const std::string name = listening_address(listener.get());
    if (name.starts_with('@')) address_ = name;
    if (name.starts_with('/')) folder_.emplace(SocketFolder::of(name));
  }
  const bool is_one = !folder_ || address_ == "@" + folder_->socket();
  if (is_one && folder_) open_wake_pipe();
  if (is_one && !address_.empty()) return;
  leave();
  throw std::runtime_error("its listening socket is gone");
}

// The pipe may exist already, from the previous watchdog.
void AgentListener::open_wake_pipe() {
  const std::string path = folder_->wake_pipe();
  const bool is_new = ::mkfifo(path.c_str(), S_IRUSR | S_IWUSR) == 0;
  wake_pipe_.reset(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW));
  struct stat status {};
  if (wake_pipe_ && (::fstat(wake_pipe_.get(), &status) != 0 || !S_ISFIFO(status.st_mode))) {
    wake_pipe_.reset();
  }
  if (is_new && wake_pipe_) keep_page(wake_pipe_.get());
}

void AgentListener::leave() {
  if (folder_) folder_->leave();
}

// Some file systems do not support sockets.
void AgentListener::listen_at_file() {
  try {
    listeners_.push_back(listen_at_path(folder_->socket()));
  } catch (const std::system_error&) {
    folder_.reset();
  }
}

}  // namespace pyfault
