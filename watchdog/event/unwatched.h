// The reasons why a crash of a process would go unnoticed. The wording is the same in events, in
// the report of an exit without a record, in `pyfaultctl status` and in --doctor.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace pyfault {

enum class UnwatchedReason {
  kSetUserId,
  kStaticallyLinked,
  kOtherMachine,
  kOtherLibc,
  kOtherImplementation,
  kUnknownVersion,
  kUnknownLayout,
  kNoMemory,
  kRefused,
  kNotAttached,
  kAgentNotLoaded,
  kNotPython,
  kHandlerReplaced,
  kHandlerBypassed,
  kHandlerUnknown,
};

// Indexed by enumerator; as in JSON events.
inline constexpr std::array<std::string_view, 15> kUnwatchedWords = {"set-user-id",
                                                                     "statically-linked",
                                                                     "other-machine",
                                                                     "other-libc",
                                                                     "other-implementation",
                                                                     "unknown-version",
                                                                     "unknown-layout",
                                                                     "no-memory",
                                                                     "refused",
                                                                     "not-attached",
                                                                     "agent-not-loaded",
                                                                     "not-python",
                                                                     "handler-replaced",
                                                                     "handler-bypassed",
                                                                     "handler-unknown"};

constexpr std::string_view name_of(UnwatchedReason reason) {
  return kUnwatchedWords[static_cast<std::size_t>(reason)];
}

struct Unwatched {
  UnwatchedReason reason = UnwatchedReason::kNotPython;
  std::string predicate;  // for a sentence about the process: "is statically linked"

  bool operator==(const Unwatched&) const = default;
};

// Describes a reason; `detail` is the part that differs from case to case.
inline Unwatched unwatched(UnwatchedReason reason, const std::string& detail = "") {
  switch (reason) {
    case UnwatchedReason::kSetUserId:
      return {reason,
              "is set-user-ID or set-group-ID or has file capabilities: the dynamic loader ignores "
              "LD_PRELOAD"};
    case UnwatchedReason::kStaticallyLinked:
      return {reason, "is statically linked: LD_PRELOAD has no effect on it"};
    case UnwatchedReason::kOtherMachine:
      return {reason, "is not a 64-bit program for this processor"};
    case UnwatchedReason::kOtherLibc:
      return {reason, "is linked against musl: the agent needs glibc"};
    case UnwatchedReason::kOtherImplementation:
      return {reason, "is " + detail + ", not CPython"};
    case UnwatchedReason::kUnknownVersion:
      return {reason, "is left alone: Python " + detail + " is not known to this version"};
    case UnwatchedReason::kUnknownLayout:
      return {reason,
              "is left alone: Python " + detail + " has not the memory layout of its version"};
    case UnwatchedReason::kNoMemory:
      return {reason, "got no shared memory for its records: " + detail};
    case UnwatchedReason::kRefused:
      return {reason, "was refused: " + detail};
    case UnwatchedReason::kNotAttached:
      return {reason, "has the agent loaded, which does not get through to the watchdog"};
    case UnwatchedReason::kAgentNotLoaded:
      return {reason,
              "runs without the agent: something in between removes LD_PRELOAD, or the library "
              "can't be read there"};
    case UnwatchedReason::kNotPython:
      return {reason, "runs no Python that the agent has seen"};
    case UnwatchedReason::kHandlerReplaced:
      return {reason, "had a handler of its own for " + detail + ", in place of the agent's"};
    case UnwatchedReason::kHandlerBypassed:
      return {reason, "had no handler for " + detail +
                          " any more: the agent's was taken away by a system call, or could not "
                          "run, for the signal was blocked or had no stack"};
    case UnwatchedReason::kHandlerUnknown:
      return {reason, "died of " + detail +
                          " without a word from the agent's handler: a system call had set another "
                          "in its place, or the kernel asked none"};
  }
  return {reason, ""};
}

}  // namespace pyfault
