// The words for how surely a native frame was found, in JSON and in text.
#pragma once

#include "watchdog/crash/native.h"

namespace pyfault {

constexpr const char* name_of(Trust trust) {
  switch (trust) {
    case Trust::kCfi:
      return "cfi";
    case Trust::kFramePointer:
      return "fp";
    case Trust::kTrampoline:
      return "trampoline";
    case Trust::kTopOfStack:
      return "top-of-stack";
    case Trust::kScan:
      return "scan";
    case Trust::kContext:
      break;
  }
  return "context";
}

}  // namespace pyfault
