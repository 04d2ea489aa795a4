#include "watchdog/crash/demangle.h"

#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace pyfault {
namespace {

constexpr std::size_t kLongest = 1024;

// S_, S0_, T_, T0_: what was named before comes again. A hostile name of a hundred such would be
// spelt out in gigabytes.
bool refers_back(const std::string& mangled) {
  for (std::size_t at = mangled.find_first_of("ST"); at != std::string::npos;
       at = mangled.find_first_of("ST", at + 1)) {
    const char next = at + 1 < mangled.size() ? mangled[at + 1] : 'a';
    if (next < 'a' || next > 'z') return true;
  }
  return false;
}

bool is_plain(const std::string& mangled) {
  return std::ranges::all_of(mangled, [](char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace

std::string demangle(const std::string& mangled) {
  if (mangled.empty() || mangled.size() > kLongest) return mangled;
  if (!is_plain(mangled) || refers_back(mangled)) return mangled;
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> spelt(
      abi::__cxa_demangle(mangled.c_str(), nullptr, nullptr, &status), &std::free);
  return spelt ? spelt.get() : mangled;
}

}  // namespace pyfault
