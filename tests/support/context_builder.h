// Writes a block (shared/context.h) as a process does, and as none does:
//
//   ContextBuilder(agent.ring(), pid).annotate("task", "resize").breadcrumb("loaded").beat(5)
//
// Nothing is validated: sizes and numbers are those that the test asks for.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "shared/context.h"

namespace pyfault::test {

class ContextBuilder {
 public:
  // Claims the block for `owner`.
  ContextBuilder(void* ring, std::int32_t owner, std::uint32_t block = 0)
      : block_(*ring_context(ring, block)) {
    RingHeader& header = *ring_header(ring);
    std::memset(static_cast<void*>(&block_), 0, sizeof block_);
    header.context_owners[block] = owner;
    header.contexts_end = std::max(header.contexts_end.load(), block + 1);
  }

  // A block outside a ring.
  explicit ContextBuilder(ContextBlock& block) : block_(block) {}

  ContextBuilder& annotate(std::string_view key, std::string_view value, std::int32_t tid = 0) {
    return append(AnnotationHead{static_cast<std::uint16_t>(key.size()),
                                 static_cast<std::uint16_t>(value.size()), tid},
                  std::string(key) + std::string(value));
  }
  // With sizes that need not be those of the text.
  ContextBuilder& append(const AnnotationHead& head, std::string_view text) {
    AnnotationCopy& next = block_.annotations[(block_.header.version + 1) % 2];
    const std::string bytes(reinterpret_cast<const char*>(&head), sizeof head);
    annotations_ += bytes + std::string(text);
    next.size = static_cast<std::uint32_t>(annotations_.size());
    std::memcpy(next.bytes, annotations_.data(), std::min(annotations_.size(), sizeof next.bytes));
    ++block_.header.version;
    return *this;
  }
  ContextBuilder& leave_out(std::uint32_t annotations) {
    block_.header.left_out = annotations;
    return *this;
  }

  ContextBuilder& breadcrumb(std::string_view text, std::int64_t realtime_ns = 0) {
    const std::uint64_t number = ++block_.header.breadcrumbs;
    return put_crumb((number - 1) % kBreadcrumbCount, number, text, realtime_ns);
  }
  ContextBuilder& put_crumb(std::size_t cell, std::uint64_t number, std::string_view text,
                            std::int64_t realtime_ns = 0) {
    Breadcrumb& crumb = block_.crumbs[cell];
    crumb.realtime_ns = realtime_ns;
    crumb.size = static_cast<std::uint16_t>(text.size());
    std::memcpy(crumb.text, text.data(), std::min(text.size(), sizeof crumb.text));
    crumb.number = number;
    return *this;
  }

  ContextBuilder& beat(std::int64_t monotonic_ns) {
    block_.header.heartbeat_ns = monotonic_ns;
    return *this;
  }
  ContextBuilder& taint(std::uint32_t faults) {
    block_.header.tainted = faults;
    return *this;
  }

  ContextBlock& block() { return block_; }

 private:
  ContextBlock& block_;
  std::string annotations_;
};

}  // namespace pyfault::test
