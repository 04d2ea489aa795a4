// The probes: small programs that crash in typical ways, and checks of their reports.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "watchdog/doctor/trial.h"

namespace pyfault {

struct Probe {
  std::string_view title;
  std::string_view code;      // calls read() to read a null pointer in C
  std::string_view function;  // must appear in the crashed thread
  int signal;
  bool in_child;  // the program itself survives
};

// They need no extension module, except ctypes since 3.15.
const std::array<Probe, 5>& probes();

// The argument for -c.
std::string program_of(const Probe& probe);

struct Verdict {
  bool ok = false;
  std::string words;  // what was reported, or what is wrong with it; one line, escaped
};

Verdict judge(const Probe& probe, const Trial& trial);

}  // namespace pyfault
