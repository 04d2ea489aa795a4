#include "agent/cpython/versions.h"

#include "agent/cpython/v3_15.h"

namespace pyfault {
namespace {

// Offsets in bytes, on x86-64, from the headers of 3.8.18, 3.9.18, 3.10.13, 3.11.7, 3.12.1, 3.13.0,
// 3.13.15t, 3.14.10 and 3.15.2; within a minor version they do not change.
// tests/rules/layout_tables.py compares them with the headers that are installed.
constexpr PythonVersion kVersions[] = {
    {kLayout38},
    {kLayout39},
    {kLayout310},
    {kLayout311},
    {kLayout312},
    {kLayout313, &kDebugOffsets313},
    {kLayout313t, &kDebugOffsets313},
    {kLayout314, &kDebugOffsets314},
    {kLayout314t, &kDebugOffsets314},
    {kLayout315, &kDebugOffsets315},
    {kLayout315t, &kDebugOffsets315},
};

constexpr bool all_are_checked() {
  for (const PythonVersion& version : kVersions) {
    if (version.layout.minor >= 13 && version.debug_offsets == nullptr) return false;
  }
  return true;
}
static_assert(all_are_checked(), "from 3.13 on a version has debug offsets to be compared with");

}  // namespace

const PythonVersion* find_version(unsigned minor, bool free_threaded) {
  for (const PythonVersion& version : kVersions) {
    const PythonLayout& layout = version.layout;
    if (layout.minor == minor && layout.free_threaded == free_threaded) return &version;
  }
  return nullptr;
}

}  // namespace pyfault
