// The working state of one capture: the interpreter's layout, the slot to fill, and scratch memory
// that is too large for a signal stack.
//
// Context: signal handlers, and pyfault_dump() in ordinary threads. Only one capture at a time uses
// a scratch.
#pragma once

#include <cstddef>
#include <cstdint>

#include "agent/cpython/python_layout.h"
#include "agent/in_signal/anchor_list.h"
#include "agent/in_signal/python_string.h"
#include "agent/in_signal/scratch_table.h"
#include "shared/record.h"
#include "shared/ring_writer.h"

namespace pyfault {

// What was read from a code object, once per record.
struct CodeEntry {
  std::uintptr_t address;
  std::uint32_t index;  // in the record
  std::int32_t first_line;
  std::uint32_t line_table_size;
  std::uintptr_t line_table;  // its first byte
  std::uintptr_t instructions;
  std::uint32_t instruction_bytes;
  bool runs_callbacks;  // has the name of asyncio's Handle._run
  bool hidden;          // the interpreter's own trampoline, which no traceback shows
};

struct Position {
  std::int32_t line = kUnknownPosition;
  std::int32_t end_line = kUnknownPosition;
  std::int32_t column = kUnknownPosition;
  std::int32_t end_column = kUnknownPosition;
};

// A frame as the interpreter stores it.
struct RawFrame {
  std::uintptr_t address;
  std::uintptr_t previous;
  std::uintptr_t code;
  std::uintptr_t position;  // an instruction pointer or an offset, see FramePosition
  std::int32_t tlbc_index;
  bool shim;  // a C boundary marker, not a Python frame
  // Called from C: the outermost frame of an evaluation loop. From 3.12 on, FrameChain says it of
  // the shim that follows.
  bool entry;
  // The link that should have led here was broken; other frames may be missing in between.
  bool after_gap;
  std::uintptr_t broken_link;  // its value
};

// How the frames at one place in one code object are shown; determined once per record.
struct PlaceEntry {
  std::uintptr_t code;  // this and the next two: as in RawFrame
  std::uintptr_t position;
  std::int32_t tlbc_index;
  bool runs_callbacks;  // see CodeEntry
  bool hidden;
  FrameEntry shown;
};

struct FoldedFrame {
  RawFrame frame;
  std::uint64_t repeat;
  std::uint32_t position;  // of the first one among the thread's frames
};

// The tables suffice for 100 threads of 100 distinct frames in most programs. Beyond that, code
// objects are written again and places decoded again.
struct CaptureScratch {
  void clear() {
    codes.clear();
    places.clear();
    anchors.clear();
    code_count = 0;
    file_name = 0;
    file_name_view = {};
    bytes_type = 0;
  }

  ScratchTable<CodeEntry, 2048> codes;
  ScratchTable<PlaceEntry, 4096> places;
  std::uint32_t code_count;  // code sections in the record
  // The file name that was read last; most code objects share it with the previous one.
  std::uintptr_t file_name;              // 0: none
  StringView file_name_view{.hash = 0};  // all zeroes, so that a scratch lies in .bss
  std::uintptr_t bytes_type;             // a type that is known to be `bytes`; 0: none yet
  FrameEntry frames[kMaxFrameEntries];
  FoldedFrame outermost[kOutermostEntries];
  AnchorList anchors;  // of the thread that is being captured
};

struct Capture {
  const PythonRuntimeView& python;
  SlotWriter& slot;
  CaptureScratch& scratch;
  bool slot_full = false;
};

}  // namespace pyfault
