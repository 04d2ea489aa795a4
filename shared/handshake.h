// The protocol by which an agent attaches to the watchdog and wakes it. The watchdog sends no
// reply; what it has to tell the agent, it writes into the ring (ring_layout.h).
//
// PYFAULT_SOCKET names a listening Unix SOCK_SEQPACKET socket. "@name" is an abstract address; if
// the name begins with "/", a socket file of that name may exist as well, for processes in another
// network namespace, which cannot reach the abstract address. Anything else is a path. The first
// dot after the last slash begins an optional list of signal numbers: ".N" is the real-time signal
// with which the watchdog requests dumps (0: none), and ".N.A.B" adds the signals that are recorded
// before a handler of the program runs (0: none; if none are listed: SIGABRT).
//
//   agent -> watchdog   Hello, with one descriptor by SCM_RIGHTS: the ring that the agent has
//                       created, a memfd of kRingSize bytes, sealed against shrinking and growing
//
// The agent then closes its end of the connection and all its other descriptors. (An agent that
// records a crash keeps the connection until it is done: if the watchdog hangs up without having
// taken the ring, it has died, and the crash is recorded again for the next watchdog.) A Hello is
// effective once it is queued at the listener: this watchdog or its successor accepts it later and
// finds the ring, including any crash in it. An agent that does not arm (unknown interpreter) or
// cannot create a ring reports that in a Hello without a descriptor.
//
// To wake the watchdog, an agent writes a Wake into the named pipe beside the socket file, NAME +
// kWakePipeSuffix, or sends it to the socket if it cannot open the pipe (chroot, dropped
// privileges). Everything to be reported is in the ring, so a lost wake-up only delays a report.
//
// A process may also ask here which crash another one had (question.h).
#pragma once

#include <cstdint>

namespace pyfault {

inline constexpr char kSocketVariable[] = "PYFAULT_SOCKET";
inline constexpr char kWakePipeSuffix[] = ".wake";
inline constexpr std::uint32_t kHandshakeMagic = 0x48465950;  // "PYFH"
inline constexpr std::uint16_t kProtocolVersion = 6;  // also covers record.h and ring_layout.h

enum class ArmStatus : std::uint16_t {
  kWillArm = 0,
  kUnknownVersion = 1,       // no layout for this minor version
  kInconsistentOffsets = 2,  // _Py_DebugOffsets contradicts the table
  kNoRing = 3,               // no ring can be created now; the agent tries again later
};

// What /proc shows of a living process, for a watchdog that reads the Hello after the process has
// died. Longer values are truncated; `name` and `executable` end in a NUL.
struct ProcessClaims {
  char name[16];
  char executable[512];
  char command[1536];  // the arguments, each terminated by a NUL, then zeroes
};

struct Hello {
  std::uint32_t magic;
  std::uint16_t protocol;
  ArmStatus status;
  std::int32_t pid;  // in the process's own PID namespace, as is ppid
  std::int32_t ppid;
  std::uint32_t version_hex;    // PY_VERSION_HEX
  std::uint32_t free_threaded;  // 0 or 1
  std::uint32_t failed_check;   // kInconsistentOffsets: a DebugCheck
                                // (agent/cpython/debug_offsets.h); kNoRing: errno
  std::uint32_t reserved;
  std::int64_t realtime_ns;  // CLOCK_REALTIME before the interpreter reads its first source file
  std::int64_t boottime_ns;  // CLOCK_BOOTTIME when sent; comparable to start times in /proc
  ProcessClaims claims;
};
static_assert(sizeof(Hello) == 48 + sizeof(ProcessClaims));

// Asks the watchdog to look at one ring. `ring`: the inode number of the ring's memfd.
struct Wake {
  std::uint64_t ring;
};
static_assert(sizeof(Wake) == 8, "smaller than PIPE_BUF, so each arrives whole");

inline constexpr std::uint32_t kDefaultAckTimeoutMs = 2000;
inline constexpr std::uint32_t kMaxAckTimeoutMs = 60'000;  // upper limit for the value in the ring

}  // namespace pyfault
