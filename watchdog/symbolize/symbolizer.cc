#include "watchdog/symbolize/symbolizer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <exception>
#include <span>
#include <string_view>
#include <utility>

#include "watchdog/crash/signal_names.h"
#include "watchdog/os/poll_until.h"
#include "watchdog/os/require.h"
#include "watchdog/os/seqpacket.h"
#include "watchdog/symbolize/answer_reader.h"
#include "watchdog/symbolize/debug_files.h"
#include "watchdog/symbolize/helper_process.h"
#include "watchdog/symbolize/symbolizer_input.h"
#include "watchdog/symbolizer/protocol.h"

namespace pyfault {
namespace {

using Clock = std::chrono::steady_clock;

// A process that has said everything or was killed takes a moment to end.
constexpr std::chrono::milliseconds kMomentToEnd{200};

// Serves the child's requests for files.
class FileServer {
 public:
  FileServer(UniqueFd socket, UniqueFd input, const SymbolizeRequest& request)
      : socket_(std::move(socket)),
        input_(std::move(input)),
        request_(request),
        debug_files_(request.debug_directory, request.fetched_directory),
        requests_left_(1 + request.modules.size() + kMaxDebugFiles) {}

  // The build-ids of debug files that it asked for in vain.
  std::vector<std::string> take_missing() { return std::move(missing_); }

  // -1 when nothing more is served.
  int socket() const { return socket_.get(); }

  void serve() {
    FileRequest wanted{};
    const auto packet =
        receive_packet(socket_.get(), std::as_writable_bytes(std::span(&wanted, 1)));
    if (!packet) return;
    if (packet->size != sizeof wanted || requests_left_ == 0) return socket_.reset();
    --requests_left_;
    wanted.name[kMaxFileName] = '\0';
    const UniqueFd debug_file = find_debug_file(wanted);
    const int file = debug_file ? debug_file.get() : find_file(wanted);
    constexpr std::byte kAnswer{};
    const auto descriptors = std::span(&file, file >= 0 ? 1 : 0);
    if (!send_with_descriptors(socket_.get(), std::span(&kAnswer, 1), descriptors)) socket_.reset();
  }

 private:
  int find_file(const FileRequest& wanted) const {
    if (wanted.wanted == WantedFile::kInput) return input_.get();
    const bool is_module =
        wanted.wanted == WantedFile::kModule && wanted.module < request_.modules.size();
    return is_module ? request_.modules[wanted.module].file.get() : -1;
  }

  UniqueFd find_debug_file(const FileRequest& wanted) {
    const std::string_view name = wanted.name;
    if (wanted.wanted == WantedFile::kBuildId) return find_by_build_id(name);
    const bool is_linked = wanted.wanted == WantedFile::kDebugLink && request_.same_root &&
                           wanted.module < request_.modules.size();
    if (!is_linked) return {};
    return debug_files_.linked(request_.modules[wanted.module].path, name, wanted.place);
  }

  UniqueFd find_by_build_id(std::string_view build_id) {
    UniqueFd file = debug_files_.with_build_id(build_id);
    if (!file && is_build_id(build_id)) missing_.emplace_back(build_id);
    return file;
  }

  UniqueFd socket_;
  UniqueFd input_;
  const SymbolizeRequest& request_;
  DebugFiles debug_files_;
  std::size_t requests_left_;
  std::vector<std::string> missing_;
};

struct Pair {
  UniqueFd ours;
  UniqueFd theirs;
};

Pair file_channel() {
  std::array<int, 2> ends{};
  require(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) == 0, "socketpair");
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

Pair answer_channel() {
  std::array<int, 2> ends{};
  require(::pipe2(ends.data(), O_CLOEXEC) == 0, "pipe2");
  Pair pair{UniqueFd(ends[0]), UniqueFd(ends[1])};
  require(::fcntl(pair.ours.get(), F_SETFL, O_NONBLOCK) == 0, "fcntl");
  return pair;
}

std::string words_for(const siginfo_t& end) {
  if (end.si_pid != 0 && end.si_code != CLD_EXITED) {
    return "the symbolizer died of " + signal_name(end.si_status);
  }
  return "the symbolizer ended early";
}

enum class Line { kOpen, kHungUp, kTooLong };

// Appends what can be read without waiting.
Line read_on(int pipe, std::string& answer) {
  std::array<char, 65536> buffer;
  for (;;) {
    const ssize_t count = ::read(pipe, buffer.data(), buffer.size());
    if (count == 0) return Line::kHungUp;
    if (count < 0) return Line::kOpen;
    answer.append(buffer.data(), static_cast<std::size_t>(count));
    if (answer.size() > kMaxAnswer) return Line::kTooLong;
  }
}

// What the child has said, and why it was not heard to its end.
struct Heard {
  std::string answer;
  std::string trouble;  // empty: it has hung up
};

Heard listen(int pipe, FileServer& files, Clock::time_point deadline) {
  Heard heard;
  for (;;) {
    std::array<pollfd, 2> fds{pollfd{pipe, POLLIN, 0}, pollfd{files.socket(), POLLIN, 0}};
    ::poll(fds.data(), fds.size(), milliseconds_until(deadline));
    if (fds[1].revents != 0) files.serve();
    const Line line = read_on(pipe, heard.answer);
    if (line == Line::kHungUp) return heard;
    const bool is_late = Clock::now() >= deadline;
    if (line == Line::kTooLong) heard.trouble = "the symbolizer talks too much";
    if (line == Line::kOpen && is_late) heard.trouble = "the symbolizer took too long";
    if (!heard.trouble.empty()) return heard;
  }
}

// Throws StartError, std::system_error.
Symbols ask_child(const std::string& program, const SymbolizeRequest& request,
                  const std::vector<const Mapping*>& mappings, Clock::time_point deadline) {
  UniqueFd input = write_input(request, mappings);
  require(bool{input}, "memfd_create");
  Pair files = file_channel();
  Pair channel = answer_channel();
  HelperProcess child({program}, {files.theirs.get(), channel.theirs.get(), -1});
  files.theirs.reset();
  channel.theirs.reset();
  FileServer server(std::move(files.ours), std::move(input), request);
  const Heard heard = listen(channel.ours.get(), server, deadline);

  Answer answer = read_answer(std::as_bytes(std::span(heard.answer)), request, mappings);
  std::string& trouble = answer.symbols.trouble;
  const bool is_whole =
      answer.state == Answer::State::kFinished || answer.state == Answer::State::kRefused;
  if (!is_whole) trouble = heard.trouble;
  if (!is_whole && trouble.empty()) {
    trouble = answer.state == Answer::State::kDamaged
                  ? "the symbolizer's answer makes no sense"
                  : words_for(child.end(std::min(deadline, Clock::now() + kMomentToEnd)));
  }
  answer.symbols.missing_debug_files = server.take_missing();
  return std::move(answer.symbols);
}

// What is known without the child.
Symbols only_registers(const SymbolizeRequest& request, const std::vector<const Mapping*>& mappings,
                       std::string trouble) {
  Symbols symbols = read_answer({}, request, mappings).symbols;
  symbols.trouble = std::move(trouble);
  return symbols;
}

Symbols ask_child_if_possible(const std::string& program, const SymbolizeRequest& request,
                              Clock::time_point deadline) {
  const std::vector<const Mapping*> mappings = mappings_with_code(request.map);
  if (mappings.empty()) return only_registers(request, mappings, "the memory map is not known");
  try {
    return ask_child(program, request, mappings, deadline);
  } catch (const std::runtime_error& error) {
    return only_registers(request, mappings, error.what());
  }
}

}  // namespace

Symbols symbolize(const std::string& program, const SymbolizeRequest& request,
                  Clock::time_point deadline) {
  Symbols symbols = ask_child_if_possible(program, request, deadline);
  for (UnwoundStack& stack : symbols.stacks) {
    if (!stack.complete && stack.incomplete_reason.empty()) {
      stack.incomplete_reason = symbols.trouble;
    }
  }
  return symbols;
}

}  // namespace pyfault
