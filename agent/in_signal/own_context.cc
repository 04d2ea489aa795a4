#include "agent/in_signal/own_context.h"

#include "agent/in_signal/system_calls.h"

namespace pyfault {
namespace {

constinit ContextWriter writer;
// Set also if no block was free, so that the ring counts a process only once.
constinit bool has_asked = false;

void forget() {
  writer = ContextWriter();
  has_asked = false;
}

bool write_at(int ring, const volatile void* bytes, std::size_t size, std::size_t offset) {
  return sys_pwrite(ring, const_cast<const void*>(bytes), size, static_cast<long>(offset)) ==
         static_cast<long>(size);
}

std::size_t offset_in_ring(const WatchdogLink& link, const volatile void* place) {
  return static_cast<std::size_t>(static_cast<const volatile std::byte*>(place) - link.ring);
}

}  // namespace

ContextWriter& own_context(const WatchdogLink& link, std::int32_t pid) {
  if (!has_asked) {
    has_asked = true;
    writer = ContextWriter::claim(link.ring, pid);
  }
  return writer;
}

void carry_context(const WatchdogLink& link, int new_ring) {
  if (!writer) return;
  RingHeader& header = *ring_header(link.ring);
  const std::uint32_t end = writer.index() + 1;
  const ContextBlock* block = ring_context(link.ring, writer.index());
  const auto& owner = header.context_owners[writer.index()];
  const bool is_carried = write_at(new_ring, block, sizeof *block, offset_in_ring(link, block)) &&
                          write_at(new_ring, &owner, sizeof owner, offset_in_ring(link, &owner)) &&
                          write_at(new_ring, &end, sizeof end, offsetof(RingHeader, contexts_end));
  if (!is_carried) forget();
}

void continue_context_of_parent(const WatchdogLink& link, std::int32_t pid) {
  const ContextWriter parent = writer;
  forget();
  if (parent && own_context(link, pid)) writer.copy_from(parent);
}

void give_context_back(std::int32_t pid) {
  if (writer) writer.free(pid);
}

void take_context_back(std::int32_t pid) {
  if (writer && !writer.claim_again(pid)) forget();
}

}  // namespace pyfault
