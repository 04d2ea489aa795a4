// The registers of a crash, by their names.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "shared/record.h"
#include "watchdog/crash/native.h"

namespace pyfault {

// Returns those that say something: the general ones, rip and eflags; `err` and `trapno` if the
// kernel raised the signal, else they are left from an earlier fault of the thread; `cr2` after a
// page fault. Empty if the record has none.
std::vector<Register> registers_of(const FaultSection& fault);

// Looks a register up by its name.
std::optional<std::uint64_t> value_of(const std::vector<Register>& registers,
                                      std::string_view name);

// Whether it is one of those that a program computes with: not rip, eflags, err, trapno or cr2.
bool is_general(std::string_view name);

// Returns the names of the general registers that hold this value.
std::vector<std::string_view> registers_with(std::uint64_t value,
                                             const std::vector<Register>& registers);

}  // namespace pyfault
