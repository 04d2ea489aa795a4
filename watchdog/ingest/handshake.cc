#include "watchdog/ingest/handshake.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <span>
#include <system_error>

#include "shared/ring_layout.h"
#include "watchdog/enrich/process_info.h"
#include "watchdog/ingest/notice.h"
#include "watchdog/os/seqpacket.h"

namespace pyfault {
namespace {

// Deeper trees of processes are not to be expected; a loop of reused pids must end.
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

// Nobody gets into another's session.
bool is_in_session(int pid, int leader) {
  const auto stat = read_process_stat(pid);
  return stat && stat->session == leader;
}

bool is_sensible(const Hello& hello) {
  return hello.magic == kHandshakeMagic && hello.protocol == kProtocolVersion &&
         hello.status <= ArmStatus::kInconsistentOffsets && hello.pid > 0;
}

struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
    throw std::system_error(errno, std::generic_category(), "pipe2");
  }
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

std::string minor_version(std::uint32_t version_hex) {
  return std::to_string(version_hex >> 24) + "." + std::to_string(version_hex >> 16 & 0xff);
}

std::string full_version(std::uint32_t version_hex) {
  return minor_version(version_hex) + "." + std::to_string(version_hex >> 8 & 0xff);
}

std::string reason(const Hello& hello) {
  if (hello.status == ArmStatus::kUnknownVersion) {
    return "Python " + minor_version(hello.version_hex) + " is not known to this version";
  }
  return "Python " + full_version(hello.version_hex) +
         " has not the memory layout of its version (check " + std::to_string(hello.failed_check) +
         ")";
}

}  // namespace

bool may_attach(const ucred& peer, int leader) {
  if (peer.pid <= 0) return false;
  if (peer.uid == geteuid() || peer.uid == 0 || descends_from(peer.pid, getpid())) return true;
  return leader > 0 && (descends_from(peer.pid, leader) || is_in_session(peer.pid, leader));
}

std::optional<Hello> receive_hello(int socket) {
  Hello hello{};
  if (!receive_exactly(socket, std::as_writable_bytes(std::span(&hello, 1)))) return std::nullopt;
  return is_sensible(hello) ? std::optional(hello) : std::nullopt;
}

Welcoming prepare_welcome(const Hello& hello, AttachedProcess process) {
  const std::int64_t now = realtime_now_ns();
  RingFile file;
  RingMemory ring(file);
  Pipe pipe = make_pipe();
  process.own_pid = hello.pid;
  return {{std::move(process), std::move(ring), std::move(pipe.read_end), now},
          std::move(file),
          std::move(pipe.write_end)};
}

bool send_welcome(int socket, const RingFile& ring, int pipe, int dump_signal) {
  const Welcome settings{
      kHandshakeMagic,      kProtocolVersion, static_cast<std::uint16_t>(dump_signal),
      kDefaultAckTimeoutMs, kRingVersion,     kRingSize};
  const std::array descriptors{ring.descriptor(), pipe};
  return send_with_descriptors(socket, std::as_bytes(std::span(&settings, 1)), descriptors);
}

std::optional<std::string> LeftAlone::message(const Hello& hello, const Process& process) {
  const bool unknown = hello.status == ArmStatus::kUnknownVersion;
  const std::pair key{unknown ? hello.version_hex >> 16 : hello.version_hex,
                      unknown ? 0 : hello.failed_check};
  if (said_.size() >= kMaxVersions || !said_.insert(key).second) return std::nullopt;
  return name_and_pid(process) + ": " + reason(hello) + "; left alone";
}

}  // namespace pyfault
