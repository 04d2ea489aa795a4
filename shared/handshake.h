// How an agent attaches to the watchdog, and wakes it. Nobody waits for an answer, for there is
// none: what the watchdog has to say it writes into the ring (ring_layout.h).
//
// PYFAULT_SOCKET names a listening Unix SOCK_SEQPACKET socket. "@name" is an abstract address;
// where the name begins with "/", there may be a socket file of that name too, for those who can't
// see the abstract one. Anything else is a path. Behind the last slash and the first point after it
// stand signals, by their numbers: in ".N" the real-time signal by which the watchdog asks for
// dumps (0: none), in ".N.A.B" also those that are recorded before a handler of the program's gets
// them (0: none; without any: SIGABRT).
//
//   agent -> watchdog   Hello, with one descriptor by SCM_RIGHTS: the ring that the agent has made,
//                       a memfd of kRingSize bytes, sealed against shrinking and growing
//
// Then the agent closes its end and all descriptors of its own. (One that crashes keeps it until
// the end: a watchdog that hangs up without having taken the ring has died, and the crash is
// recorded once more, for the next one.) A hello is good from the moment that it is queued at the
// listener: the watchdog, or the one after it, finds the ring there, and the crash in it, when it
// comes to it. An agent that will not arm (an interpreter that it does not know), or has no memory
// for a ring, says so in its Hello, which comes without one.
//
// To wake the watchdog, an agent writes a Wake into the named pipe beside the socket file, NAME +
// kWakePipeSuffix, or sends one to the socket where it can't open that (chroot, dropped rights).
// What there is to be seen is in the ring; a wake-up that is lost delays that it is found.
#pragma once

#include <cstdint>

namespace pyfault {

inline constexpr char kSocketVariable[] = "PYFAULT_SOCKET";
inline constexpr char kWakePipeSuffix[] = ".wake";
inline constexpr std::uint32_t kHandshakeMagic = 0x48465950;  // "PYFH"
inline constexpr std::uint16_t kProtocolVersion = 4;  // changes with record.h and ring_layout.h too

enum class ArmStatus : std::uint16_t {
  kWillArm = 0,
  kUnknownVersion = 1,       // no layout for this minor version
  kInconsistentOffsets = 2,  // _Py_DebugOffsets contradicts the table
  kNoRing = 3,               // there is no memory for it now; it will be tried again
};

// What /proc says of the process while it lives, for a watchdog that comes later. Cut where it is
// longer; the name and the executable end in a NUL.
struct ProcessClaims {
  char name[16];
  char executable[512];
  char command[1536];  // the arguments, each ends in a NUL; then zeroes
};

struct Hello {
  std::uint32_t magic;
  std::uint16_t protocol;
  ArmStatus status;
  std::int32_t pid;  // as the process sees itself, and its parent
  std::int32_t ppid;
  std::uint32_t version_hex;    // PY_VERSION_HEX
  std::uint32_t free_threaded;  // 0 or 1
  std::uint32_t failed_check;   // kInconsistentOffsets: which offset, see agent/debug_offsets.h;
                                // kNoRing: errno
  std::uint32_t reserved;
  std::int64_t realtime_ns;  // when the agent was loaded: what is older may be trusted
  std::int64_t boottime_ns;  // when it was said, by the clock by which /proc tells ages
  ProcessClaims claims;
};
static_assert(sizeof(Hello) == 48 + sizeof(ProcessClaims));

// `ring` is its inode number.
struct Wake {
  std::uint64_t ring;
};
static_assert(sizeof(Wake) == 8, "smaller than PIPE_BUF, so each arrives whole");

inline constexpr std::uint32_t kDefaultAckTimeoutMs = 2000;
inline constexpr std::uint32_t kMaxAckTimeoutMs = 60'000;  // whatever the ring says

}  // namespace pyfault
