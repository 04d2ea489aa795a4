#include "agent/in_signal/data_stack.h"

#include "agent/in_signal/guarded_copy.h"
#include "agent/in_signal/python_object.h"

namespace pyfault {
namespace {

constexpr std::uintptr_t kWord = sizeof(std::uintptr_t);
constexpr std::uintptr_t kMaxChunk = std::uintptr_t{1} << 30;

struct ChunkHead {
  std::uintptr_t previous;
  std::uintptr_t size;  // in bytes, including this head
  std::uintptr_t top;   // in words after this head; valid once another chunk has been started
};

}  // namespace

std::uintptr_t frame_size(const PythonRuntimeView& python, std::uintptr_t frame) {
  const PythonLayout& layout = python.layout;
  std::uintptr_t code = 0;
  std::int32_t words = 0;
  std::int32_t more = 0;
  if (!guarded_read(frame + layout.frame.code, code)) return 0;
  code &= ~kStackRefTag;
  if (!is_code_object(python, code) || !guarded_read(code + layout.code.frame_words, words)) {
    return 0;
  }
  // In 3.11, the code object's numbers do not include the frame's own members.
  std::uintptr_t size = layout.frame.locals;
  if (layout.code.local_words == kAbsent) {
    size = 0;
  } else if (!guarded_read(code + layout.code.local_words, more) || more < 0) {
    return 0;
  }
  if (words < 0) return 0;
  size += (static_cast<std::uintptr_t>(words) + static_cast<std::uintptr_t>(more)) * kWord;
  return size >= layout.frame.locals ? size : 0;
}

DataStack::DataStack(const PythonRuntimeView& python, std::uintptr_t thread) : python_(python) {
  const PythonLayout::ThreadState& layout = python.layout.thread;
  std::uintptr_t chunk = 0;
  std::uintptr_t top = 0;
  if (layout.data_chunk == kAbsent || !plausible_object(thread) ||
      !guarded_read(thread + layout.data_chunk, chunk) ||
      !guarded_read(thread + layout.data_top, top)) {
    return;
  }
  chunk_ = read_chunk(chunk, top);
  limit_ = chunk_.end;
}

// `end`: the end of the chunk's frames; 0: as the chunk's own `top` says.
DataStack::Chunk DataStack::read_chunk(std::uintptr_t address, std::uintptr_t end) const {
  ChunkHead head;
  if (!plausible_object(address) || !guarded_read(address, head) || head.size > kMaxChunk ||
      head.top > head.size / kWord) {
    return {};
  }
  const std::uintptr_t data = address + sizeof head;
  const std::uintptr_t begin = head.previous == 0 ? data + kWord : data;
  if (end == 0) end = data + head.top * kWord;
  if (end < begin || end > address + head.size) return {};
  return {address, head.previous, begin, end};
}

void DataStack::read_outer_chunk() {
  if (chunk_.previous != 0 && outer_.address == 0) outer_ = read_chunk(chunk_.previous, 0);
}

bool DataStack::go_outwards() {
  read_outer_chunk();
  if (outer_.address == 0) return false;
  chunk_ = outer_;
  outer_ = {};
  limit_ = chunk_.end;
  return true;
}

bool DataStack::pass_into_outer_chunk(std::uintptr_t frame) {
  read_outer_chunk();
  if (!outer_.has(frame) || !go_outwards()) return false;
  limit_ = frame;
  return true;
}

bool DataStack::was_pushed_before(std::uintptr_t frame, std::uintptr_t other) {
  if (!chunk_.has(other)) return false;
  if (chunk_.has(frame)) return frame < other;
  read_outer_chunk();
  return outer_.has(frame);
}

// Finds the last frame before `limit`; 0 if there is none. Returns false if the frames do not
// follow each other without a gap.
bool DataStack::last_before(std::uintptr_t limit, std::uintptr_t& last) const {
  last = 0;
  for (std::uintptr_t frame = chunk_.begin; frame < limit;) {
    const std::uintptr_t size = frame_size(python_, frame);
    if (size == 0 || size > limit - frame) return false;
    last = frame;
    frame += size;
  }
  return true;
}

std::uintptr_t DataStack::next_outwards() {
  std::uintptr_t last = 0;
  if (chunk_.address == 0 || !last_before(limit_, last)) return 0;
  if (last != 0) return last;
  return go_outwards() && last_before(limit_, last) ? last : 0;
}

}  // namespace pyfault
