// The attach handshake, over a Unix SOCK_SEQPACKET socket named by PYFAULT_SOCKET, and the tokens
// on the wake-up pipe. "@name" is an abstract address; where the name begins with "/", there may be
// a socket file of that name too, for those who can't see the abstract one. Anything else is a
// path.
//
//   agent -> watchdog   Hello
//   watchdog -> agent   Welcome, with two descriptors by SCM_RIGHTS: the ring (a sealed memfd of
//                       kRingSize bytes) and the write end of the wake-up pipe (non-blocking)
//
// An agent that will not arm (an interpreter it does not know) says so in its Hello and gets no
// Welcome. Then the socket is closed: a program that runs costs the watchdog no connection.
#pragma once

#include <cstdint>

namespace pyfault {

inline constexpr char kSocketVariable[] = "PYFAULT_SOCKET";
inline constexpr std::uint32_t kHandshakeMagic = 0x48465950;  // "PYFH"
inline constexpr std::uint16_t kProtocolVersion = 2;          // changes with record.h too

enum class ArmStatus : std::uint16_t {
  kWillArm = 0,
  kUnknownVersion = 1,       // no layout for this minor version
  kInconsistentOffsets = 2,  // _Py_DebugOffsets contradicts the table
};

struct Hello {
  std::uint32_t magic;
  std::uint16_t protocol;
  ArmStatus status;
  std::int32_t pid;             // as the process sees itself
  std::uint32_t version_hex;    // PY_VERSION_HEX
  std::uint32_t free_threaded;  // 0 or 1
  std::uint32_t failed_check;   // which offset, for kInconsistentOffsets; see agent/debug_offsets.h
};
static_assert(sizeof(Hello) == 24);

struct Welcome {
  std::uint32_t magic;
  std::uint16_t protocol;
  std::uint16_t dump_signal;     // a real-time signal that asks for a dump; 0: none does
  std::uint32_t ack_timeout_ms;  // how long a crashing process waits for the watchdog, at most
  std::uint32_t ring_version;
  std::uint64_t ring_size;
};
static_assert(sizeof(Welcome) == 24);

inline constexpr std::uint32_t kDefaultAckTimeoutMs = 2000;
inline constexpr std::uint32_t kMaxAckTimeoutMs = 60'000;  // whatever a Welcome says

enum class TokenKind : std::uint16_t {
  kRecord = 1,           // pid has published a record: look at the ring
  kForked = 2,           // pid is a forked child that shares the ring
  kHandlerReplaced = 3,  // pid has a handler of its own for `signal` now, in place of ours
  kBorrowerDied = 4,     // a vfork child on the memory of pid dies of `signal`
};

// What goes over the pipe. Smaller than PIPE_BUF, so each arrives whole.
struct Token {
  TokenKind kind;
  std::uint16_t signal;  // 0 where the kind names none
  std::int32_t pid;
};
static_assert(sizeof(Token) == 8);

}  // namespace pyfault
