// Decodes what a process has said about itself. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "shared/context_reader.h"
#include "watchdog/crash/context.h"
#include "watchdog/crash/crash.h"

namespace pyfault {

// A block that has been checked. Annotations behind the first that violates context.h are left out.
struct DecodedContext {
  std::map<int, std::vector<Annotation>> annotations;  // by thread; 0: of the whole process
  std::uint32_t annotations_left_out = 0;
  std::vector<Crumb> breadcrumbs;  // oldest first
  std::int64_t heartbeat_ns = 0;   // 0: there was none
};

DecodedContext decode_context(const ContextCopy& copy);

// What held when a process ended at this moment of CLOCK_MONOTONIC, of whatever thread: nobody
// knows which of them mattered. Where several threads have the same key, the value lists theirs.
Context context_at_end(const DecodedContext& decoded, std::int64_t monotonic_ns);

// Sets the context of a crash or dump, in which the annotations of the thread that recorded it take
// precedence over those of the process, and the annotations of each thread.
void add_context(Crash& crash, const DecodedContext& decoded);

}  // namespace pyfault
