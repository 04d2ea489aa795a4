#include "shared/context_writer.h"

#include <cstring>

namespace pyfault {
namespace {

// Truncates at a character boundary: bytes 10xxxxxx continue a character.
ContextText truncated(ContextText text, std::size_t limit) {
  if (text.size <= limit) return text;
  std::size_t size = limit;
  while (size > 0 && (static_cast<unsigned char>(text.bytes[size]) & 0xc0) == 0x80) --size;
  return {text.bytes, size};
}

// Walks over the annotations of a copy. Stray writes of the program may have hit it, so no size in
// it is trusted.
class AnnotationCursor {
 public:
  explicit AnnotationCursor(const AnnotationCopy& copy)
      : copy_(copy), end_(copy.size <= sizeof copy.bytes ? copy.size : 0) {}

  bool next() {
    at_ += size_;
    size_ = 0;
    if (end_ - at_ < sizeof head_) return false;
    std::memcpy(&head_, copy_.bytes + at_, sizeof head_);
    const std::size_t size = sizeof head_ + head_.key_size + head_.value_size;
    if (end_ - at_ < size) return false;
    size_ = size;
    return true;
  }

  bool is(std::int32_t tid, ContextText key) const {
    return head_.tid == tid && head_.key_size == key.size &&
           std::memcmp(copy_.bytes + at_ + sizeof head_, key.bytes, key.size) == 0;
  }
  ContextText bytes() const { return {copy_.bytes + at_, size_}; }

 private:
  const AnnotationCopy& copy_;
  std::size_t end_;
  std::size_t at_ = 0;
  std::size_t size_ = 0;
  AnnotationHead head_{};
};

// Returns false, and appends nothing, if there is no room.
bool append(AnnotationCopy& copy, ContextText bytes) {
  if (bytes.size > sizeof copy.bytes - copy.size) return false;
  std::memcpy(copy.bytes + copy.size, bytes.bytes, bytes.size);
  copy.size += static_cast<std::uint32_t>(bytes.size);
  return true;
}

bool append(AnnotationCopy& copy, std::int32_t tid, ContextText key, ContextText value) {
  const AnnotationHead head{static_cast<std::uint16_t>(key.size),
                            static_cast<std::uint16_t>(value.size), tid};
  if (sizeof head + key.size + value.size > sizeof copy.bytes - copy.size) return false;
  return append(copy, {reinterpret_cast<const char*>(&head), sizeof head}) && append(copy, key) &&
         append(copy, value);
}

}  // namespace

ContextWriter::ContextWriter(void* ring, std::uint32_t index)
    : ring_(ring), block_(ring_context(ring, index)), index_(index) {}

ContextWriter ContextWriter::claim(void* ring, std::int32_t pid) {
  RingHeader& header = *ring_header(ring);
  for (std::uint32_t index = 0; index < kContextCount; ++index) {
    std::int32_t nobody = 0;
    if (!header.context_owners[index].compare_exchange_strong(nobody, pid)) continue;
    std::uint32_t end = header.contexts_end.load();
    while (end <= index && !header.contexts_end.compare_exchange_weak(end, index + 1)) continue;
    ContextWriter writer(ring, index);
    std::memset(static_cast<void*>(writer.block_), 0, sizeof *writer.block_);
    return writer;
  }
  header.contextless.fetch_add(1, std::memory_order_relaxed);
  return {};
}

void ContextWriter::copy_from(const ContextWriter& parent) {
  std::memcpy(static_cast<void*>(block_), parent.block_, sizeof *block_);
}

bool ContextWriter::annotate(std::int32_t tid, ContextText key, ContextText value) {
  key = truncated(key, kMaxAnnotationKey);
  AnnotationCopy& next = begin_change(tid, key);
  const bool fits = append(next, tid, key, truncated(value, kMaxAnnotationValue));
  if (!fits) block_->header.left_out.fetch_add(1, std::memory_order_relaxed);
  end_change();
  return fits;
}

void ContextWriter::remove_annotation(std::int32_t tid, ContextText key) {
  begin_change(tid, truncated(key, kMaxAnnotationKey));
  end_change();
}

AnnotationCopy& ContextWriter::begin_change(std::int32_t tid, ContextText key) {
  const std::uint32_t version = block_->header.version.load(std::memory_order_relaxed);
  const AnnotationCopy& current = block_->annotations[version % 2];
  AnnotationCopy& next = block_->annotations[(version + 1) % 2];
  next.size = 0;
  AnnotationCursor each(current);
  while (each.next()) {
    if (!each.is(tid, key)) append(next, each.bytes());
  }
  return next;
}

void ContextWriter::end_change() {
  const std::uint32_t version = block_->header.version.load(std::memory_order_relaxed);
  block_->header.version.store(version + 1, std::memory_order_release);
  // The next change overwrites the copy that was current until now, for readers only afterwards.
  std::atomic_thread_fence(std::memory_order_release);
}

void ContextWriter::add_breadcrumb(std::int64_t realtime_ns, ContextText text) {
  const std::uint64_t number = block_->header.breadcrumbs.load(std::memory_order_relaxed) + 1;
  Breadcrumb& crumb = block_->crumbs[(number - 1) % kBreadcrumbCount];
  text = truncated(text, sizeof crumb.text);
  crumb.number.store(0, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  crumb.realtime_ns = realtime_ns;
  crumb.size = static_cast<std::uint16_t>(text.size);
  std::memcpy(crumb.text, text.bytes, text.size);
  crumb.number.store(number, std::memory_order_release);
  block_->header.breadcrumbs.store(number, std::memory_order_relaxed);
}

void ContextWriter::beat(std::int64_t monotonic_ns) {
  block_->header.heartbeat_ns.store(monotonic_ns, std::memory_order_relaxed);
}

void ContextWriter::taint() {
  block_->header.tainted.fetch_add(1, std::memory_order_relaxed);
}

void ContextWriter::free(std::int32_t pid) {
  ring_header(ring_)->context_owners[index_].compare_exchange_strong(pid, 0);
}

bool ContextWriter::claim_again(std::int32_t pid) {
  std::int32_t nobody = 0;
  return ring_header(ring_)->context_owners[index_].compare_exchange_strong(nobody, pid);
}

}  // namespace pyfault
