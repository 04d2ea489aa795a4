/* Prints `field offset` lines, named as in agent/cpython/python_layout.h, for one set of CPython headers.
   Uses only offsetof and sizeof, so libpython is not linked. Prints kAbsent (65535) for a field that this version
   does not have. */
#define Py_BUILD_CORE 1
#include <Python.h>

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#define AT_LEAST(minor) (PY_VERSION_HEX >= (0x03000000 | (minor) << 16))
#if AT_LEAST(14)
#include <internal/pycore_code.h>
#include <internal/pycore_frame.h>
#include <internal/pycore_interp_structs.h>
#include <internal/pycore_interpframe_structs.h>
#include <internal/pycore_runtime_structs.h>
#include <internal/pycore_tstate.h>
#elif AT_LEAST(11)
#include <internal/pycore_frame.h>
#include <internal/pycore_interp.h>
#include <internal/pycore_runtime.h>
#else
#include <frameobject.h>
#if AT_LEAST(9)
#include <internal/pycore_interp.h>
#include <internal/pycore_runtime.h>
#else
#include <internal/pycore_pystate.h>
#endif
#endif

#if AT_LEAST(11)
#include <internal/pycore_dict.h>
#include <internal/pycore_object.h>
#if AT_LEAST(12) && !AT_LEAST(13)
#define MANAGED_DICT_OFFSET (-3 * (int)sizeof(PyObject *)) /* a literal in 3.12's _PyObject_DictOrValuesPointer */
#endif
#endif

#define VALUE(name, value) printf("%s %lu\n", name, (unsigned long)(value))
#define FIELD(name, type, member) VALUE(name, offsetof(type, member))
#define ABSENT(name) VALUE(name, 65535)

static void runtime_and_interpreter(void) {
  FIELD("runtime.interpreters_head", _PyRuntimeState, interpreters.head);
#if AT_LEAST(9)
  FIELD("runtime.finalizing", _PyRuntimeState, _finalizing);
  ABSENT("runtime.gc_collecting");
  FIELD("interpreter.gc_collecting", struct _is, gc.collecting);
#else
  FIELD("runtime.finalizing", _PyRuntimeState, finalizing);
  FIELD("runtime.gc_collecting", _PyRuntimeState, gc.collecting);
  ABSENT("interpreter.gc_collecting");
#endif
#if AT_LEAST(12)
  ABSENT("runtime.current_thread");
#else
  FIELD("runtime.current_thread", _PyRuntimeState, gilstate.tstate_current);
#endif
  FIELD("interpreter.next", struct _is, next);
  FIELD("interpreter.id", struct _is, id);
#if AT_LEAST(11)
  FIELD("interpreter.threads_head", struct _is, threads.head);
#else
  FIELD("interpreter.threads_head", struct _is, tstate_head);
#endif
}

static void thread(void) {
  FIELD("thread.previous", PyThreadState, prev);
  FIELD("thread.next", PyThreadState, next);
  FIELD("thread.interpreter", PyThreadState, interp);
  FIELD("thread.thread_id", PyThreadState, thread_id);
#if AT_LEAST(13)
  FIELD("thread.frame", PyThreadState, current_frame);
  FIELD("thread.active", PyThreadState, state);
#elif AT_LEAST(11)
  FIELD("thread.frame", PyThreadState, cframe);
#else
  FIELD("thread.frame", PyThreadState, frame);
#endif
#if AT_LEAST(11)
  FIELD("thread.native_thread_id", PyThreadState, native_thread_id);
#else
  ABSENT("thread.native_thread_id");
#endif
#if AT_LEAST(11) && !AT_LEAST(13)
  ABSENT("thread.cframe");
  ABSENT("thread.root_cframe");
  FIELD("thread.cframe_frame", _PyCFrame, current_frame);
  FIELD("thread.cframe_previous", _PyCFrame, previous);
#elif AT_LEAST(10) && !AT_LEAST(11)
  FIELD("thread.cframe", PyThreadState, cframe);
  FIELD("thread.root_cframe", PyThreadState, root_cframe);
  ABSENT("thread.cframe_frame");
  FIELD("thread.cframe_previous", CFrame, previous);
#else
  ABSENT("thread.cframe");
  ABSENT("thread.root_cframe");
  ABSENT("thread.cframe_frame");
  ABSENT("thread.cframe_previous");
#endif
#if AT_LEAST(12) && !AT_LEAST(13)
  FIELD("thread.active", PyThreadState, _status);
#elif !AT_LEAST(12)
  ABSENT("thread.active");
#endif
}

static void data_stack(void) {
#if AT_LEAST(11)
  FIELD("thread.data_chunk", PyThreadState, datastack_chunk);
  FIELD("thread.data_top", PyThreadState, datastack_top);
#else
  ABSENT("thread.data_chunk");
  ABSENT("thread.data_top");
#endif
#if AT_LEAST(12)
  FIELD("code.frame_words", PyCodeObject, co_framesize);
  ABSENT("code.local_words");
#elif AT_LEAST(11)
  FIELD("code.frame_words", PyCodeObject, co_stacksize);
  FIELD("code.local_words", PyCodeObject, co_nlocalsplus);
#else
  ABSENT("code.frame_words");
  ABSENT("code.local_words");
#endif
}

static void calls_of_c(void) {
#if AT_LEAST(14)
  ABSENT("thread.call_depth");
#elif AT_LEAST(12)
  FIELD("thread.call_depth", PyThreadState, c_recursion_remaining);
#elif AT_LEAST(11)
  FIELD("thread.call_depth", PyThreadState, recursion_remaining);
#else
  FIELD("thread.call_depth", PyThreadState, recursion_depth);
#endif
#if AT_LEAST(11)
  ABSENT("code.bytecode");
#else
  FIELD("code.bytecode", PyCodeObject, co_code);
#endif
}

static void running(void) {
#if AT_LEAST(12)
  FIELD("thread.recursion_limit", PyThreadState, py_recursion_limit);
  FIELD("thread.recursion_left", PyThreadState, py_recursion_remaining);
#else
  ABSENT("thread.recursion_limit");
  ABSENT("thread.recursion_left");
#endif
#if AT_LEAST(11)
  ABSENT("frame.state");
  FIELD("generator.frame", PyGenObject, gi_iframe);
  FIELD("generator.state", PyGenObject, gi_frame_state);
#else
#if AT_LEAST(10)
  FIELD("frame.state", PyFrameObject, f_state);
#else
  FIELD("frame.state", PyFrameObject, f_executing);
#endif
  ABSENT("generator.frame");
  ABSENT("generator.state");
#endif
#if AT_LEAST(10)
  VALUE("executing", FRAME_EXECUTING);
#else
  VALUE("executing", 1); /* the value of f_executing */
#endif
}

static void running_task(void) {
#if AT_LEAST(14)
  FIELD("thread.running_task", _PyThreadStateImpl, asyncio_running_task);
#else
  ABSENT("thread.running_task");
#endif
}

/* How much of a frame the agent reads: up to the position, or up to the local variables. */
#if AT_LEAST(11)
#define FRAME_SIZE offsetof(_PyInterpreterFrame, localsplus)
#else
#define FRAME_SIZE (offsetof(PyFrameObject, f_lasti) + sizeof(int))
#endif

static void frame(void) {
#if AT_LEAST(11)
  FIELD("frame.previous", _PyInterpreterFrame, previous);
  FIELD("frame.locals", _PyInterpreterFrame, localsplus);
#else
  FIELD("frame.previous", PyFrameObject, f_back);
  FIELD("frame.code", PyFrameObject, f_code);
  FIELD("frame.position", PyFrameObject, f_lasti);
  FIELD("frame.locals", PyFrameObject, f_localsplus);
#endif
  VALUE("frame.size", FRAME_SIZE);
#if AT_LEAST(13)
  FIELD("frame.code", _PyInterpreterFrame, f_executable);
  FIELD("frame.position", _PyInterpreterFrame, instr_ptr);
#elif AT_LEAST(11)
  FIELD("frame.code", _PyInterpreterFrame, f_code);
  FIELD("frame.position", _PyInterpreterFrame, prev_instr);
#endif
#if AT_LEAST(12)
  FIELD("frame.owner", _PyInterpreterFrame, owner);
#else
  ABSENT("frame.owner");
#endif
#if AT_LEAST(11) && !AT_LEAST(12)
  FIELD("frame.is_entry", _PyInterpreterFrame, is_entry);
#else
  ABSENT("frame.is_entry");
#endif
#if AT_LEAST(14) && defined(Py_GIL_DISABLED)
  FIELD("frame.tlbc_index", _PyInterpreterFrame, tlbc_index);
#else
  ABSENT("frame.tlbc_index");
#endif
}

static void code(void) {
  VALUE("code.size", sizeof(PyCodeObject));
  FIELD("code.file_name", PyCodeObject, co_filename);
  FIELD("code.name", PyCodeObject, co_name);
  FIELD("code.first_line", PyCodeObject, co_firstlineno);
#if AT_LEAST(10)
  FIELD("code.line_table", PyCodeObject, co_linetable);
#else
  FIELD("code.line_table", PyCodeObject, co_lnotab);
#endif
#if AT_LEAST(11)
  FIELD("code.qualified_name", PyCodeObject, co_qualname);
  FIELD("code.instructions", PyCodeObject, co_code_adaptive);
  FIELD("code.first_traceable", PyCodeObject, _co_firsttraceable);
#else
  ABSENT("code.qualified_name");
  ABSENT("code.instructions");
  ABSENT("code.first_traceable");
#endif
#if AT_LEAST(14) && defined(Py_GIL_DISABLED)
  FIELD("code.tlbc", PyCodeObject, co_tlbc);
#else
  ABSENT("code.tlbc");
#endif
}

/* The word of bit fields with all bits of `member` set and no others. */
#define STATE_MASK(mask, member)            \
  do {                                      \
    PyASCIIObject string;                   \
    memset(&string, 0, sizeof string);      \
    string.state.member = ~0u;              \
    memcpy(&mask, &string.state, sizeof mask); \
  } while (0)

static void object_and_string(void) {
  unsigned kind, compact, ascii;
  STATE_MASK(kind, kind);
  STATE_MASK(compact, compact);
  STATE_MASK(ascii, ascii);
  VALUE("string.kind_mask", kind);
  VALUE("string.kind_shift", __builtin_ctz(kind));
  VALUE("string.compact_mask", compact);
  VALUE("string.ascii_mask", ascii);
  FIELD("object.type", PyObject, ob_type);
  FIELD("object.size", PyVarObject, ob_size);
  FIELD("object.type_flags", PyTypeObject, tp_flags);
  FIELD("object.type_name", PyTypeObject, tp_name);
  FIELD("object.type_base", PyTypeObject, tp_base);
  FIELD("string.length", PyASCIIObject, length);
  FIELD("string.hash", PyASCIIObject, hash);
  FIELD("string.state", PyASCIIObject, state);
  VALUE("string.ascii_data", sizeof(PyASCIIObject));
  VALUE("string.compact_data", sizeof(PyCompactUnicodeObject));
  FIELD("string.any_data", PyUnicodeObject, data.any);
#if AT_LEAST(12)
  ABSENT("string.legacy_data");
  ABSENT("string.legacy_length");
#else
  FIELD("string.legacy_data", PyASCIIObject, wstr);
  FIELD("string.legacy_length", PyCompactUnicodeObject, wstr_length);
#endif
  FIELD("bytes_data", PyBytesObject, ob_sval);
}

static void attribute(void) {
  FIELD("attribute.type_basic_size", PyTypeObject, tp_basicsize);
  FIELD("attribute.type_dict_offset", PyTypeObject, tp_dictoffset);
  FIELD("attribute.type_cached_keys", PyHeapTypeObject, ht_cached_keys);
  FIELD("attribute.dict_keys", PyDictObject, ma_keys);
  FIELD("attribute.dict_values", PyDictObject, ma_values);
#if AT_LEAST(11)
  VALUE("attribute.managed_dict", -MANAGED_DICT_OFFSET);
  FIELD("attribute.first_value", struct _dictvalues, values);
#else
  ABSENT("attribute.managed_dict");
  VALUE("attribute.first_value", 0);
#endif
}

int main(void) {
  runtime_and_interpreter();
  thread();
  running_task();
  calls_of_c();
  running();
  data_stack();
  frame();
  code();
  object_and_string();
  attribute();
  return 0;
}
