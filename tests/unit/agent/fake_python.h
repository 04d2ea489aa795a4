// Builds frames, code objects and strings in this process with the memory layout of CPython (3.12
// unless another version is given), so that tests can damage them in any way.
#pragma once

#include <cstdint>
#include <cstring>
#include <deque>
#include <span>
#include <string_view>
#include <vector>

#include "agent/cpython/python_layout.h"
#include "agent/cpython/versions.h"
#include "tests/unit/agent/guarded.h"

namespace pyfault::test {

class FakePython {
 public:
  explicit FakePython(unsigned minor = 12) {
    view_.layout = find_version(minor, false)->layout;
    view_.unicode_type = make_type(std::uint64_t{1} << 28);
    view_.code_type = make_type(0);
    bytes_type_ = make_type(std::uint64_t{1} << 27);
    view_.frame_type = make_type(0);
    view_.generator_types[0] = make_type(0);
  }

  const PythonRuntimeView& view() const { return view_; }

  std::uintptr_t string(std::string_view ascii) {
    const PythonLayout::String& at = view_.layout.string;
    const std::uintptr_t object = allocate(at.ascii_data + ascii.size() + 1);
    put(object, view_.layout.object.type, view_.unicode_type);
    put(object, at.length, ascii.size());
    put<std::uint32_t>(object, at.state, 1u << at.kind_shift | at.compact_mask | at.ascii_mask);
    std::memcpy(reinterpret_cast<void*>(object + at.ascii_data), ascii.data(), ascii.size());
    return object;
  }

  // A code object of 100 code units, all of which belong to `line`.
  std::uintptr_t code(std::string_view name, int line = 1) {
    const PythonLayout::CodeStruct& at = view_.layout.code;
    const std::uintptr_t object = allocate(at.size + 200u);
    put(object, view_.layout.object.type, view_.code_type);
    put<std::int64_t>(object, view_.layout.object.size, 100);
    put(object, at.file_name, string("test.py"));
    put(object, at.name, string(name));
    if (at.qualified_name != kAbsent) put(object, at.qualified_name, string(name));
    put<std::int32_t>(object, at.first_line, line);
    put(object, at.line_table, bytes(std::vector<std::uint8_t>(40, 0x80 | 13 << 3 | 7)));
    return object;
  }

  // `unit`: the code unit that the frame is executing.
  std::uintptr_t frame(std::uintptr_t code, std::uintptr_t previous, unsigned unit = 0) {
    const std::uintptr_t object = allocate(std::size_t{view_.layout.frame.size} + 16);
    fill_frame(object, code, previous, unit);
    if (view_.layout.type_checked_frames) put(object, view_.layout.object.type, view_.frame_type);
    return object;
  }

  std::uintptr_t shim(std::uintptr_t previous) {
    const std::uintptr_t object = frame(0, previous);
    put<std::uint8_t>(object, view_.layout.frame.owner, 3);
    return object;
  }

  // CPython 3.11 only: the entry frame of an evaluation loop.
  std::uintptr_t entry(std::uintptr_t code, std::uintptr_t previous) {
    const std::uintptr_t object = frame(code, previous);
    put<std::uint8_t>(object, view_.layout.frame.is_entry, 1);
    return object;
  }

  // The cframe of an evaluation loop that is executing `frame`. `previous` is that of the calling
  // loop.
  std::uintptr_t cframe(std::uintptr_t frame, std::uintptr_t previous) {
    const PythonLayout::ThreadState& at = view_.layout.thread;
    const std::uintptr_t object = allocate(24);
    if (at.cframe_frame != kAbsent) put(object, at.cframe_frame, frame);
    put(object, at.cframe_previous, previous);
    return object;
  }

  void set_previous(std::uintptr_t frame, std::uintptr_t previous) {
    put(frame, view_.layout.frame.previous, previous);
  }

  // A thread state whose data stack has one chunk per element of `chunks`, outermost first, each
  // with that many frames. All of them run `code`.
  struct Thread {
    std::uintptr_t address;
    std::vector<std::uintptr_t> frames;
  };
  Thread thread(std::uintptr_t code, const std::vector<unsigned>& chunks) {
    // In 3.11, the code object's number does not include the frame's own members.
    const bool is_whole = view_.layout.code.local_words == kAbsent;
    const std::uint32_t members = is_whole ? 0 : view_.layout.frame.locals / 8u;
    put(code, view_.layout.code.frame_words, kFrameWords - members);
    Thread thread{allocate(512), {}};
    std::uintptr_t previous = 0;
    for (const unsigned count : chunks) {
      const std::size_t unused = previous == 0 ? 1 : 0;
      const std::size_t words = unused + count * kFrameWords;
      const std::uintptr_t chunk = allocate(24 + 8 * words + 64);
      put(chunk, 0, previous);
      put<std::uint64_t>(chunk, 8, 24 + 8 * words + 64);
      put<std::uint64_t>(chunk, 16, words);
      for (unsigned index = 0; index < count; ++index) {
        thread.frames.push_back(chunk + 24 + 8 * (unused + index * kFrameWords));
        fill_frame(thread.frames.back(), code, 0);
      }
      put(thread.address, view_.layout.thread.data_chunk, chunk);
      put(thread.address, view_.layout.thread.data_top, chunk + 24 + 8 * words);
      previous = chunk;
    }
    return thread;
  }

  // Makes the thread state claim a recursion depth of `depth` frames.
  void set_recursion(std::uintptr_t thread, std::int32_t depth) {
    constexpr std::int32_t kLimit = 1000;
    put<std::int32_t>(thread, view_.layout.thread.recursion_limit, kLimit);
    put<std::int32_t>(thread, view_.layout.thread.recursion_left, kLimit - depth);
  }

  struct Generator {
    std::uintptr_t object;
    std::uintptr_t frame;
  };
  // `code` must belong to a frame on a data stack; see thread().
  Generator generator(std::uintptr_t code, bool runs = true) {
    const PythonLayout::Generator& at = view_.layout.generator;
    const std::uintptr_t object = allocate(at.frame + 8u * kFrameWords);
    put(object, view_.layout.object.type, view_.generator_types[0]);
    put<std::uint8_t>(object, at.state, static_cast<std::uint8_t>(view_.layout.executing + !runs));
    fill_frame(object + at.frame, code, 0);
    return {object, object + at.frame};
  }

  void set_local(std::uintptr_t frame, unsigned index, std::uintptr_t value) {
    put(frame, view_.layout.frame.locals + 8 * index, value);
  }

  // CPython 3.10 and older, where every frame is an object.
  std::uintptr_t frame_object(std::uintptr_t previous, bool runs = true) {
    const std::uintptr_t object = frame(0, previous);
    put<std::uint8_t>(object, view_.layout.frame.state,
                      static_cast<std::uint8_t>(view_.layout.executing + !runs));
    return object;
  }

  // Creates one interpreter with one thread, which runs `frame` and whose stack ends at
  // `stack_end`.
  std::uintptr_t only_thread(std::uintptr_t frame, std::uintptr_t stack_end) {
    const std::uintptr_t thread = allocate(512);
    const std::uintptr_t interpreter = allocate(4096);
    view_.runtime = allocate(4096);
    put(view_.runtime, view_.layout.runtime.interpreters_head, interpreter);
    put(interpreter, view_.layout.interpreter.threads_head, thread);
    put(thread, view_.layout.thread.frame, frame);
    view_.initial_thread = thread;
    put(thread, view_.layout.thread.thread_id, view_.initial_thread);
    view_.initial_stack_end = stack_end;
    return thread;
  }

  // The list of threads of the interpreter that only_thread() has made is lost.
  void break_thread_list() {
    put(view_.runtime, view_.layout.runtime.interpreters_head, std::uintptr_t{0});
  }

  // Declares these bytes to be the machine code of the interpreter.
  void set_text(std::span<const std::uint8_t> text) {
    const std::uintptr_t begin = address_of(text.data());
    view_.interpreter = {begin, begin + text.size()};
  }

  // The program's own code, and ld.so's list of modules.
  void set_modules(Text program, std::uintptr_t list) {
    view_.program = program;
    view_.module_list = list;
  }

  template <class T>
  void put(std::uintptr_t object, std::size_t offset, T value) {
    std::memcpy(reinterpret_cast<void*>(object + offset), &value, sizeof value);
  }

 private:
  static constexpr std::uint32_t kFrameWords = 20;

  void fill_frame(std::uintptr_t object, std::uintptr_t code, std::uintptr_t previous,
                  unsigned unit = 0) {
    const PythonLayout::FrameStruct& at = view_.layout.frame;
    put(object, at.code, code);
    put(object, at.previous, previous);
    if (view_.layout.position == FramePosition::kInstructionPointer) {
      put(object, at.position, code + view_.layout.code.instructions + 2 * unit);
    } else {
      put<std::uint32_t>(object, at.position, unit);
    }
  }
  std::uintptr_t allocate(std::size_t size) {
    memory_.emplace_back((size + 7) / 8);
    return address_of(memory_.back().data());
  }
  std::uintptr_t make_type(std::uint64_t flags) {
    const std::uintptr_t type = allocate(512);
    put(type, view_.layout.object.type_flags, flags);
    return type;
  }
  std::uintptr_t bytes(const std::vector<std::uint8_t>& content) {
    const std::uintptr_t object = allocate(view_.layout.bytes_data + content.size() + 1);
    put(object, view_.layout.object.type, bytes_type_);
    put(object, view_.layout.object.size, content.size());
    std::memcpy(reinterpret_cast<void*>(object + view_.layout.bytes_data), content.data(),
                content.size());
    return object;
  }

  std::deque<std::vector<std::uint64_t>> memory_;
  PythonRuntimeView view_{};
  std::uintptr_t bytes_type_ = 0;
};

}  // namespace pyfault::test
