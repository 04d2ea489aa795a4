// The probes: small programs that crash in typical ways, and whether the report of one is what it
// should be. Pure.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "watchdog/doctor/trial.h"

namespace pyfault {

struct Probe {
  std::string_view title;
  std::string_view code;      // calls read() to read a null pointer in C
  std::string_view function;  // that the crashed thread must show
  int signal;
  bool in_child;  // the program itself lives on
};

// They need no extension module, but ctypes from 3.15 on.
const std::array<Probe, 5>& probes();

// For -c.
std::string program_of(const Probe& probe);

struct Verdict {
  bool ok = false;
  std::string words;  // what was reported, or why that is not good enough; one line, escaped
};

Verdict judge(const Probe& probe, const Trial& trial);

}  // namespace pyfault
