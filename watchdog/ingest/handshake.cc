#include "watchdog/ingest/handshake.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "watchdog/crash/utf8.h"
#include "watchdog/enrich/process_info.h"
#include "watchdog/os/seqpacket.h"

namespace pyfault {
namespace {

// Deeper process trees are not expected; the limit also ends a loop of reused pids.
constexpr int kMaxGenerations = 256;

bool descends_from(int pid, int ancestor) {
  for (int generation = 0; generation < kMaxGenerations && pid > 1; ++generation) {
    if (pid == ancestor) return true;
    const auto stat = read_process_stat(pid);
    if (!stat) return false;
    pid = stat->ppid;
  }
  return false;
}

// A process cannot join an existing session.
bool is_in_session(int pid, int leader) {
  const auto stat = read_process_stat(pid);
  return stat && stat->session == leader;
}

bool is_sensible(const Hello& hello) {
  return hello.magic == kHandshakeMagic && hello.protocol == kProtocolVersion &&
         hello.status <= ArmStatus::kNoRing && hello.pid > 0;
}

// A claim may hold any bytes and need not be terminated.
template <std::size_t kSize>
std::string claimed(const char (&text)[kSize]) {
  const std::string_view all(text, kSize);
  return replace_invalid_utf8(all.substr(0, all.find('\0')));
}

std::vector<std::string> claimed_command(const ProcessClaims& claims) {
  std::vector<std::string> command;
  std::string_view rest(claims.command, sizeof claims.command);
  rest = rest.substr(0, rest.find_last_not_of('\0') + 1);
  while (!rest.empty()) {
    const std::string_view argument = rest.substr(0, rest.find('\0'));
    command.push_back(replace_invalid_utf8(argument));
    rest.remove_prefix(std::min(argument.size() + 1, rest.size()));
  }
  return command;
}

// Whether the command fills its buffer, and so may be truncated.
bool is_cut(const ProcessClaims& claims) {
  return claims.command[sizeof claims.command - 2] != '\0';
}

// Converts to clock ticks since boot, as /proc has them.
std::uint64_t ticks_at(std::int64_t boottime_ns) {
  static const auto kTicksASecond = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  constexpr std::uint64_t kNanoseconds = 1'000'000'000;
  const auto ns = static_cast<std::uint64_t>(std::max<std::int64_t>(boottime_ns, 0));
  return ns / kNanoseconds * kTicksASecond + ns % kNanoseconds * kTicksASecond / kNanoseconds;
}

std::string minor_version(std::uint32_t version_hex) {
  return fmt::format("{}.{}", version_hex >> 24, version_hex >> 16 & 0xff);
}

std::string full_version(std::uint32_t version_hex) {
  return fmt::format("{}.{}", minor_version(version_hex), version_hex >> 8 & 0xff);
}

}  // namespace

bool may_attach(const ucred& peer, int leader) {
  if (peer.pid <= 0) return false;
  if (peer.uid == geteuid() || peer.uid == 0 || descends_from(peer.pid, getpid())) return true;
  return leader > 0 && (descends_from(peer.pid, leader) || is_in_session(peer.pid, leader));
}

Message receive_message(int socket) {
  static_assert(sizeof(Question) < sizeof(Hello), "a longer one is cut, and so has a wrong length");
  Hello hello{};
  const auto bytes = std::as_writable_bytes(std::span(&hello, 1));
  auto packet = receive_packet(socket, bytes);
  if (!packet) return NothingYet{};
  const auto received = bytes.first(std::min(packet->size, bytes.size()));
  if (is_question(received)) return parse_question(received);
  if (packet->size == sizeof(Wake)) {
    Wake wake{};
    std::memcpy(&wake, &hello, sizeof wake);
    return wake;
  }
  if (packet->size != sizeof hello || packet->has_more_descriptors || !is_sensible(hello)) {
    return HungUp{};
  }
  return Arrival{hello, std::move(packet->descriptor)};
}

// A process that started after the hello was said has a reused number. For a living process, what
// the kernel says takes precedence over its claims; a zombie no longer has an executable.
SavedFamily describe_sender(const Hello& hello, const ucred& peer) {
  const std::uint64_t said = ticks_at(hello.boottime_ns);
  const auto stat = read_process_stat(peer.pid);
  const bool is_there = stat && stat->start_ticks <= said;
  const ProcessClaims& claims = hello.claims;
  SavedFamily family{{hello.pid, peer.uid, {}}, is_there ? stat->start_ticks : said, true, {}};
  AttachedProcess& sender = family.attached;
  if (!is_there) sender.died_after = said;
  auto process = is_there ? read_process(peer.pid) : std::nullopt;
  if (process && !process->executable.empty()) {
    sender.process = std::move(*process);
    sender.process.command = is_cut(claims) ? shown_command(peer.pid) : claimed_command(claims);
    if (sender.process.command.empty()) sender.process.command = claimed_command(claims);
    return family;
  }
  sender.process = {peer.pid,
                    hello.pid == peer.pid ? hello.ppid : 0,
                    claimed(claims.name),
                    claimed(claims.executable),
                    claimed_command(claims),
                    peer.uid,
                    peer.gid};
  if (is_there) sender.process.ppid = stat->ppid;
  return family;
}

Unwatched why_unwatched(const Hello& hello) {
  switch (hello.status) {
    case ArmStatus::kUnknownVersion:
      return unwatched(UnwatchedReason::kUnknownVersion, minor_version(hello.version_hex));
    case ArmStatus::kInconsistentOffsets:
      return unwatched(
          UnwatchedReason::kUnknownLayout,
          fmt::format("{} (check {})", full_version(hello.version_hex), hello.failed_check));
    case ArmStatus::kNoRing:
    case ArmStatus::kWillArm:
      break;
  }
  const char* error = strerrordesc_np(static_cast<int>(hello.failed_check));
  return unwatched(UnwatchedReason::kNoMemory, error == nullptr ? "unknown error" : error);
}

bool ReportedReasons::is_news(const Unwatched& why) {
  return said_.size() < kMaxReasons && said_.insert(why.predicate).second;
}

}  // namespace pyfault
