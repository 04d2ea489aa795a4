// Copies a block (context.h) out of the ring on behalf of the watchdog.
//
// As the ring's reader (ring_reader.h), this trusts nothing: it copies each byte once per attempt,
// makes a bounded number of attempts, and never interprets what is still in the block. The texts in
// the copy may be garbage; the sizes are within it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "shared/context.h"

namespace pyfault {

struct CrumbCopy {
  std::uint64_t number;  // not 0; in no order
  std::int64_t realtime_ns;
  std::size_t size;
  char text[sizeof(Breadcrumb::text)];
};

struct ContextCopy {
  std::uint32_t left_out;
  std::int64_t heartbeat_ns;
  // Nothing if they changed during each attempt, as only those of a hostile process do.
  AnnotationCopy annotations;
  std::size_t crumb_count;
  CrumbCopy crumbs[kBreadcrumbCount];
};

// The process may go on writing meanwhile.
void copy_context(const ContextBlock& block, ContextCopy& to);

}  // namespace pyfault
