// The protocol by which a process asks a watchdog
// - which crash another process had: a parent that has lost a child, or a worker that wants to know
//   why the one before it died;
// - whether there is room for it: a process that can choose another watchdog before it attaches.
//
// The asker connects to the listener of PYFAULT_SOCKET (handshake.h), as an agent does, and sends
// one packet. The watchdog answers on the same connection and closes it.
//
//   asker -> watchdog   Question, without the places in `pids` that are not used
//   watchdog -> asker   for each crash: its event, then its report
//                       then kEnd, or kRefused instead of all
//                       for room: kRoom, kNoRoom or kRefused
//
//   event   the line that a log in JSON has of it (pyfault-events(5))
//   report  what a log in text has of it
//   end     AnswerEnd
//   refused the reason, in English
//   room    empty
//   no room the reason, in English
//
// Each of these is a document: each is sent in one packet or more, each packet being an
// AnswerHead and the next piece of the document; `left` of the last one is 0. No packet is longer
// than kMaxAnswerPacket.
//
// A watchdog remembers the crashes of the last processes, a bounded number. An asker is told of
// those of its own user, as the kernel named the user of the process when it crashed; root is told
// of all, except where the process's number could not be confirmed. Process numbers are meant in
// the PID namespace of the watchdog: an asker of another namespace is refused.
//
// The answer comes at once when, of each process asked for, either the crash is known or no crash
// can come any more, for the process is dead and all it left has been read. It comes after
// `wait_ms` in any case; a crash whose native stack is still being unwound is then told without it.
// A watchdog never waits for an asker: one that does not read is hung up on.
//
// Whether there is room is decided as if the asker attached now, by what the kernel says of it, and
// answered at once. Room that was promised is kept for the asker's process number, which it keeps
// when it executes another program, for ten seconds.
//
// Magic and protocol stand where they stand in every version. A watchdog of another version
// refuses, as does one that does not know this kind of question; one that knows of no questions
// hangs up.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pyfault {

inline constexpr std::uint32_t kQuestionMagic = 0x51465950;  // "PYFQ"
inline constexpr std::uint32_t kAnswerMagic = 0x52465950;    // "PYFR"
inline constexpr std::uint16_t kQuestionProtocol = 1;
inline constexpr std::size_t kMaxPidsAsked = 256;
inline constexpr std::uint32_t kMaxQuestionWaitMs = 10'000;  // a longer wait is cut to this
inline constexpr std::size_t kMaxAnswerPacket = std::size_t{32} << 10;

enum class QuestionKind : std::uint16_t {
  kCrashesOf = 1,  // the last crash of each of these processes
  kLastCrash = 2,  // the last of all crashes that the watchdog remembers; names no process
  kRoom = 3,       // whether the asker may attach; names no process
};

struct Question {
  std::uint32_t magic;
  std::uint16_t protocol;
  QuestionKind kind;
  std::uint32_t wait_ms;
  std::uint32_t count;  // of pids
  std::int32_t pids[kMaxPidsAsked];
};
inline constexpr std::size_t kQuestionHeadSize = offsetof(Question, pids);
static_assert(kQuestionHeadSize == 16);
static_assert(sizeof(Question) == kQuestionHeadSize + 4 * kMaxPidsAsked);

enum class AnswerKind : std::uint16_t {
  kEvent = 1,
  kReport = 2,
  kEnd = 3,
  kRefused = 4,
  kRoom = 5,
  kNoRoom = 6,
};

struct AnswerHead {
  std::uint32_t magic;
  std::uint16_t protocol;
  AnswerKind kind;
  std::int32_t pid;    // of the process that crashed; 0 for all but kEvent and kReport
  std::uint32_t left;  // bytes of this document in the packets that follow
};
static_assert(sizeof(AnswerHead) == 16);

struct AnswerEnd {
  std::uint64_t forgotten;  // crashes that the watchdog had to forget since it began
};
static_assert(sizeof(AnswerEnd) == 8);

}  // namespace pyfault
