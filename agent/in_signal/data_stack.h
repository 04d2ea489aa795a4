// Walks the data stack of one thread (3.11 on), on which the interpreter pushes the frames of
// Python functions one after the other, regardless of C calls between them; only generators keep
// their frames elsewhere. It is separate from the C stack and intact when that is damaged. The shim
// frames and cframes, which link the frames of one evaluation loop to the next, lie on the C stack.
//
//   chunk:  previous | size | top | frame, frame, ...        (the first chunk leaves a word free)
//
// Context: see capture.h. Every read is guarded. A pass over a chunk is bounded by the chunk's size
// and checks that the chunk contains frames, without a gap, from its beginning on.
#pragma once

#include <cstdint>

#include "agent/in_signal/capture.h"

namespace pyfault {

// Returns the size in bytes of a frame on the data stack or in a generator; 0 if it is not a frame.
std::uintptr_t frame_size(const PythonRuntimeView& python, std::uintptr_t frame);

class DataStack {
 public:
  // `thread`: the address of its PyThreadState; 0: none.
  DataStack(const PythonRuntimeView& python, std::uintptr_t thread);

  // To be called for each frame of a walk from the innermost frame outwards. Returns false if the
  // frame does not lie on the data stack.
  bool pass(std::uintptr_t frame) {
    if (!chunk_.has(frame)) return pass_into_outer_chunk(frame);
    // A frame that lies further inwards than one passed before does not belong to an intact chain.
    if (frame < limit_) limit_ = frame;
    return true;
  }

  // Returns whether `frame` is that of the thread's outermost function.
  bool is_first(std::uintptr_t frame) const {
    return chunk_.previous == 0 && frame == chunk_.begin;
  }

  // Returns whether `frame` was pushed before `other`; false also if `other` does not lie in the
  // chunk that the walk has come to.
  bool was_pushed_before(std::uintptr_t frame, std::uintptr_t other);

  explicit operator bool() const { return chunk_.address != 0; }

  // Returns the frame that was pushed right before the outermost frame passed, or the last frame of
  // all if none was passed; 0 if there is none, or if the chunk's content is not plausible.
  std::uintptr_t next_outwards();

 private:
  struct Chunk {
    std::uintptr_t address = 0;  // 0: none
    std::uintptr_t previous = 0;
    std::uintptr_t begin = 0;  // of its frames
    std::uintptr_t end = 0;

    bool has(std::uintptr_t frame) const { return frame >= begin && frame < end; }
  };

  bool pass_into_outer_chunk(std::uintptr_t frame);
  Chunk read_chunk(std::uintptr_t address, std::uintptr_t end) const;
  void read_outer_chunk();
  bool go_outwards();
  bool last_before(std::uintptr_t limit, std::uintptr_t& last) const;

  const PythonRuntimeView& python_;
  Chunk chunk_;               // contains the outermost frame passed
  Chunk outer_;               // the chunk before it, once it has been read
  std::uintptr_t limit_ = 0;  // the outermost frame passed, or the end of the chunk's frames
};

}  // namespace pyfault
