// The data stack of one thread (3.11 on), on which the interpreter pushes the frames of Python
// functions one behind the other, whatever C calls lie between them; only generators keep their
// frames elsewhere. It is memory of its own, and whole where the C stack is not: shim frames and
// cframes, by which the chain of frames leads from one evaluation loop to the next, lie on that.
//
//   chunk:  previous | size | top | frame, frame, ...        (the first chunk leaves a word free)
//
// Context: see capture.h. Every read is guarded; a pass is bounded by a chunk's size, and each is
// checked to hold frames, without a gap, from its beginning on.
#pragma once

#include <cstdint>

#include "agent/in_signal/capture.h"

namespace pyfault {

// How many bytes a frame takes there, or within its generator; 0: it is none.
std::uintptr_t frame_size(const PythonRuntimeView& python, std::uintptr_t frame);

class DataStack {
 public:
  // `thread`: the address of its PyThreadState; 0: none.
  DataStack(const PythonRuntimeView& python, std::uintptr_t thread);

  // A walk from the innermost frame outwards has come to this one. False: it lies elsewhere.
  bool pass(std::uintptr_t frame);

  // The thread's outermost function runs in it.
  bool is_first(std::uintptr_t frame) const {
    return chunk_.previous == 0 && frame == chunk_.begin;
  }

  explicit operator bool() const { return chunk_.address != 0; }

  // The frame that was pushed right before the outermost one that was passed; the last of all where
  // none was. 0: there is none, or what lies there can't be believed.
  std::uintptr_t next_outwards();

 private:
  struct Chunk {
    std::uintptr_t address = 0;  // 0: none
    std::uintptr_t previous = 0;
    std::uintptr_t begin = 0;  // of its frames
    std::uintptr_t end = 0;

    bool has(std::uintptr_t frame) const { return frame >= begin && frame < end; }
  };

  Chunk read_chunk(std::uintptr_t address, std::uintptr_t end) const;
  bool go_outwards();
  bool last_before(std::uintptr_t limit, std::uintptr_t& last) const;

  const PythonRuntimeView& python_;
  Chunk chunk_;               // of the outermost frame that was passed
  Chunk outer_;               // the one before it, once it was looked at
  std::uintptr_t limit_ = 0;  // that frame, or where the chunk's frames end
};

}  // namespace pyfault
