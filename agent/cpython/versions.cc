#include "agent/cpython/versions.h"

#include "agent/cpython/v3_15.h"

namespace pyfault {
namespace {

// Offsets in bytes, on x86-64, from the headers of 3.8.18, 3.9.18, 3.10.13, 3.11.7, 3.12.1, 3.13.0,
// 3.13.15t, 3.14.10 and 3.15.2; within a minor version they do not change.
// tests/rules/layout_tables.py compares them with the headers that are installed.
constexpr PythonVersion kVersions[] = {
    {kLayout3_8},
    {kLayout3_9},
    {kLayout3_10},
    {kLayout3_11},
    {kLayout3_12},
    {kLayout3_13, &kDebugOffsets3_13},
    {kLayout3_13t, &kDebugOffsets3_13},
    {kLayout3_14, &kDebugOffsets3_14},
    {kLayout3_14t, &kDebugOffsets3_14},
    {kLayout3_15, &kDebugOffsets3_15},
    {kLayout3_15t, &kDebugOffsets3_15},
};

}  // namespace

const PythonVersion* find_version(unsigned minor, bool free_threaded) {
  for (const PythonVersion& version : kVersions) {
    const PythonLayout& layout = version.layout;
    if (layout.minor == minor && layout.free_threaded == free_threaded) return &version;
  }
  return nullptr;
}

}  // namespace pyfault
