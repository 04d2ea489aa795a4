// The parts of one CPython minor version's memory layout that the agent reads: offsets in bytes
// within CPython's own structs, and addresses that are looked up once, before the agent arms. Plain
// data, constant while armed. The numbers come from the headers of each version; see
// agent/cpython/v3_8.h and its siblings.
//
// Context: read by signal handlers, written before any handler is installed.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pyfault {

inline constexpr std::uint16_t kAbsent = 0xffff;

enum class LineTable : std::uint8_t {
  kLnotab,  // 3.8, 3.9: pairs of byte and line increments
  kPep626,  // 3.10: pairs of ranges and line deltas
  kPep657,  // 3.11 on: locations with columns
};

enum class FramePosition : std::uint8_t {
  kByteOffset,          // 3.8, 3.9: f_lasti, in bytes
  kCodeUnitOffset,      // 3.10: f_lasti, in code units of two bytes
  kInstructionPointer,  // 3.11 on: a pointer into the code object's own instructions
};

// How a thread state shows that it is the one that runs, among several of one OS thread
// (sub-interpreters).
enum class ActiveRule : std::uint8_t {
  kRuntimeCurrent,   // <= 3.11: it is _PyRuntime.gilstate.tstate_current
  kStatusActiveBit,  // 3.12: bit 4 of _status
  kStateAttached,    // 3.13 on: state == 1
};

// Where an instance keeps its attributes.
enum class AttributeStyle : std::uint8_t {
  kDict,           // <= 3.10: a dict, at tp_dictoffset
  kValuesPointer,  // 3.11: an array of values four words before the object, or a dict three before
  kTaggedPointer,  // 3.12: either, three words before the object; the lowest bit tells which
  kInlineValues,   // 3.13 on: values after the object, or a dict
};

// The instructions of a version whose call of C code returns an object, or null and an exception.
// Empty where this is not known.
struct Opcodes {
  struct Range {
    std::uint8_t first, last;
  };

  std::uint64_t returns_object[4] = {};  // bit n % 64 of word n / 64: opcode n
  std::uint8_t extended_arg =
      0;  // EXTENDED_ARG, which may come before an instruction; 0: not known

  constexpr Opcodes() = default;
  template <std::size_t kCount>
  constexpr Opcodes(std::uint8_t extended, const Range (&ranges)[kCount]) : extended_arg(extended) {
    for (const Range& range : ranges) {
      for (unsigned code = range.first; code <= range.last; ++code) {
        returns_object[code / 64] |= std::uint64_t{1} << code % 64;
      }
    }
  }

  constexpr bool known() const { return extended_arg != 0; }
  constexpr bool call_returns_object(std::uint8_t opcode) const {
    return (returns_object[opcode / 64] >> opcode % 64 & 1) != 0;
  }
};

struct PythonLayout {
  std::uint16_t minor;  // of 3.minor
  bool free_threaded;
  LineTable line_table;
  FramePosition position;
  ActiveRule active_rule;
  AttributeStyle attribute_style;
  bool type_checked_frames;  // <= 3.10: a frame is an object whose type is PyFrame_Type

  struct Runtime {
    std::uint16_t interpreters_head, finalizing;
    std::uint16_t current_thread;  // gilstate.tstate_current, kAbsent from 3.12 on
    std::uint16_t gc_collecting;   // 3.8 only: later versions keep it in the interpreter
  } runtime;
  struct Interpreter {
    std::uint16_t next, id, threads_head, gc_collecting;
  } interpreter;
  struct ThreadState {
    std::uint16_t next, thread_id;
    std::uint16_t native_thread_id;  // kAbsent before 3.11
    std::uint16_t frame;             // the frame; in 3.11 and 3.12 the cframe that points at it
    // 3.10 only: the cframe, which does not point at the frame; and the outermost one, embedded.
    std::uint16_t cframe, root_cframe;
    std::uint16_t cframe_frame;     // within the cframe; kAbsent except in 3.11 and 3.12
    std::uint16_t cframe_previous;  // the calling evaluation loop's; kAbsent where there is none
    std::uint16_t active;           // _status or state, see ActiveRule; kAbsent before 3.12
    std::uint16_t previous, interpreter;
    std::uint16_t running_task;          // of asyncio; kAbsent before 3.14
    std::uint16_t data_chunk, data_top;  // of its data stack; kAbsent before 3.11
    // How many Python functions the thread may run, and may still call; kAbsent before 3.12.
    std::uint16_t recursion_limit, recursion_left;
    // The counter that calls of C functions change: recursion_depth (to 3.10), recursion_remaining
    // (3.11), c_recursion_remaining (3.12, 3.13); kAbsent from 3.14 on.
    std::uint16_t call_depth;
  } thread;
  struct FrameStruct {
    std::uint16_t size, previous, code, position;
    std::uint16_t owner;       // kAbsent before 3.12: there are no shim frames
    std::uint16_t is_entry;    // 3.11 only: called from C
    std::uint16_t tlbc_index;  // kAbsent except in free-threaded builds from 3.14 on
    std::uint16_t locals;      // the first local variable
    std::uint16_t state;       // a byte, see `executing`; kAbsent from 3.11 on
  } frame;
  struct Generator {
    std::uint16_t frame, state;  // kAbsent before 3.11
  } generator;
  std::uint16_t executing;  // the state of a running frame or generator
  struct CodeStruct {
    std::uint16_t size, file_name, name;
    std::uint16_t qualified_name;  // kAbsent before 3.11
    std::uint16_t first_line, line_table;
    std::uint16_t instructions;     // co_code_adaptive; kAbsent before 3.11
    std::uint16_t first_traceable;  // kAbsent before 3.11
    std::uint16_t tlbc;             // kAbsent except in free-threaded builds from 3.14 on
    // The number of words that a frame takes on the data stack: co_framesize (3.12 on), or
    // co_stacksize and co_nlocalsplus in addition to the frame's own members (3.11).
    std::uint16_t frame_words, local_words;
    std::uint16_t bytecode;  // co_code; kAbsent from 3.11 on
  } code;
  Opcodes opcodes;
  struct Object {
    std::uint16_t type, size, type_flags, type_name, type_base;
  } object;
  struct String {
    std::uint16_t length, hash, state, ascii_data, compact_data, any_data;
    std::uint16_t legacy_data, legacy_length;  // wstr; kAbsent from 3.12 on
    std::uint16_t kind_mask, kind_shift, compact_mask, ascii_mask;
  } string;
  std::uint16_t bytes_data;
  struct Attribute {
    std::uint16_t type_basic_size, type_dict_offset, type_cached_keys;
    std::uint16_t dict_keys, dict_values;
    std::uint16_t managed_dict;  // the distance before the object; kAbsent before 3.11
    std::uint16_t first_value;   // within a values array
  } attribute;
  // For _asyncio.Task, which no header describes: measured on running interpreters, and derived for
  // free-threaded builds from their larger object header.
  struct Task {
    std::uint16_t size, name;
  } task;
};

// The address range of a module's machine code; empty: not found.
struct Text {
  std::uintptr_t begin = 0, end = 0;

  bool has(std::uintptr_t address) const { return address >= begin && address < end; }
};

// A function of the interpreter that does the work of an instruction and calls C code for it.
// What the instruction holds is released there, so it must not be cut off with that C code.
struct InstructionHelper {
  std::uintptr_t function;
  // It returns a tagged reference, for which zero is not null (3.14 on).
  bool returns_reference;
};

// A layout together with the addresses of one running interpreter.
struct PythonRuntimeView {
  PythonLayout layout;
  std::uint32_t version_hex;
  std::uintptr_t runtime;             // &_PyRuntime
  std::uintptr_t code_type;           // &PyCode_Type
  std::uintptr_t unicode_type;        // &PyUnicode_Type
  std::uintptr_t frame_type;          // &PyFrame_Type
  std::uintptr_t hash_secret;         // &_Py_HashSecret; 0: not present
  std::uintptr_t eval_loop;           // _PyEval_EvalFrameDefault(); 0: not present
  std::uintptr_t deallocate;          // _Py_Dealloc(); 0: not present
  InstructionHelper helpers[16];      // those that the interpreter has; the others are 0
  std::uintptr_t generator_types[3];  // &PyGen_Type, &PyCoro_Type, &PyAsyncGen_Type
  Text interpreter, libc, loader;     // `interpreter`: the module that defines _PyRuntime
  Text program;                       // the one that the process was started with
  struct ProgramHeaders {
    std::uintptr_t base, address;
    std::uint32_t count;
  } program_headers;           // of `program`; address 0: not known
  std::uintptr_t module_list;  // &_r_debug, ld.so's list of all modules; 0: unknown
  // The thread that the process started with, whose stack the kernel has set up. 0: unknown.
  std::uintptr_t initial_thread;  // its pthread_self()
  std::uintptr_t initial_stack_end;
  std::uint16_t pthread_tid;  // of the native id in glibc's struct pthread; kAbsent: not found
};

}  // namespace pyfault
