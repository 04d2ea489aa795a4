// The raw native stack in a record: what the signal handler has copied for unwinding.
//
// The bytes of the stack may hold secrets of the program. They are kept in this form only, are
// given to nobody but the process that unwinds them, and are wiped when the value is destroyed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "shared/record.h"

namespace pyfault {

// A part of the stack's memory.
struct StackChunk {
  std::uint64_t address = 0;  // a multiple of 8
  std::vector<std::byte> bytes;
};

// Overwrites bytes that may be secret, which the compiler does not leave out.
void wipe(std::span<std::byte> bytes);

class CapturedStack {
 public:
  // Reads the native stack of the faulting thread from a record, which has been copied out of the
  // ring. Returns nullopt if it has no registers or no stack. Like decode(), trusts nothing and
  // allocates at most the record's size.
  static std::optional<CapturedStack> of(std::span<const std::byte> record);

  CapturedStack() = default;
  CapturedStack(CapturedStack&&) = default;
  CapturedStack& operator=(CapturedStack&& other) noexcept;
  CapturedStack(const CapturedStack&) = delete;
  CapturedStack& operator=(const CapturedStack&) = delete;
  ~CapturedStack();

  std::array<std::uint64_t, kRegisterCount> registers{};  // as in FaultSection
  std::uint64_t stack_end = 0;                            // 0: unknown
  std::vector<StackChunk> chunks;                         // ascending, without overlap
  std::vector<Anchor> anchors;                            // innermost first
  std::uint32_t anchors_omitted = 0;                      // after kInnermostAnchors
};

// The anchors of a thread whose stack is not in the record.
struct ThreadAnchors {
  std::uint32_t list_position = 0;  // of the thread, as in ThreadSection
  std::vector<Anchor> anchors;      // innermost first
};

// Returns those of the threads that have any, other than the faulting one.
std::vector<ThreadAnchors> anchors_of_other_threads(std::span<const std::byte> record);

}  // namespace pyfault
