#include "agent/python/extension/guard.h"

#include <csignal>
#include <cstdio>

#include "agent/python/extension/agent_library.h"
#include "agent/python/extension/delicate_code.h"
#include "agent/python/extension/python_api.h"
#include "agent/python/extension/reference.h"

namespace pyfault {
namespace {

PyObject* fault_type = nullptr;

struct Guard {
  PyObject_HEAD
      // Of the thread that has entered it, once for each time.
      pyfault_guard entry;
  unsigned long thread;  // that has entered it; 0: it is not entered, or there is no agent
  int entered;           // how many times
};

const char* name_of(int signal) {
  switch (signal) {
    case SIGSEGV:
      return "SIGSEGV";
    case SIGBUS:
      return "SIGBUS";
    default:
      return "SIGFPE";
  }
}

Reference text_of(const pyfault_fault& fault) {
  char at[32] = "";
  if (fault.has_address != 0) std::snprintf(at, sizeof at, " at 0x%llx", fault.address);
  const char* crash = fault.report_id[0] != '\0' ? ", crash " : "";
  return Reference(PyUnicode_FromFormat("%s%s in C code%s%s", name_of(fault.signal), at, crash,
                                        fault.report_id));
}

bool set_attribute(PyObject* object, const char* name, Reference value) {
  return value && PyObject_SetAttrString(object, name, value.get()) == 0;
}

Reference none() {
  return Reference::to(Py_None);
}

// Returns nothing with an exception set if there is no memory for it.
Reference make_exception(const pyfault_fault& fault) {
  const Reference text = text_of(fault);
  if (!text) return Reference();
  Reference exception(PyObject_CallFunctionObjArgs(fault_type, text.get(), nullptr));
  const bool is_made =
      exception &&
      set_attribute(exception.get(), "signal", Reference(PyLong_FromLong(fault.signal))) &&
      set_attribute(exception.get(), "address",
                    fault.has_address != 0 ? Reference(PyLong_FromUnsignedLongLong(fault.address))
                                           : none()) &&
      set_attribute(
          exception.get(), "crash_id",
          fault.report_id[0] != '\0' ? Reference(PyUnicode_FromString(fault.report_id)) : none());
  return is_made ? std::move(exception) : Reference();
}

// In place of the C function that has faulted, perhaps without the interpreter's lock, and with an
// exception that it has set before.
void* land(const pyfault_fault* fault) {
  auto* state = static_cast<PyThreadState*>(fault->thread_state);
  if (current_thread_state() != state) PyEval_RestoreThread(state);
  PyErr_Clear();
  const Reference exception = make_exception(*fault);
  if (exception) PyErr_SetObject(fault_type, exception.get());
  return nullptr;
}

PyObject* enter(PyObject* self, PyObject*) {
  auto* guard = reinterpret_cast<Guard*>(self);
  const auto open = agent_library().guard_enter;
  const unsigned long thread = PyThread_get_thread_ident();
  if (guard->entered != 0) {
    return PyErr_Format(PyExc_RuntimeError, "this guard is entered already");
  }
  if (open != nullptr) {
    tell_delicate_code();
    guard->thread = open(&guard->entry, PyThreadState_Get(), &land) == 0 ? thread : 0;
  }
  guard->entered = 1;
  return Reference::to(self).release();
}

PyObject* leave(PyObject* self, PyObject*) {
  auto* guard = reinterpret_cast<Guard*>(self);
  if (guard->entered == 0) return PyErr_Format(PyExc_RuntimeError, "this guard is not entered");
  if (guard->thread != 0 && guard->thread != PyThread_get_thread_ident()) {
    return PyErr_Format(PyExc_RuntimeError, "this guard was entered in another thread");
  }
  guard->entered = 0;
  if (guard->thread != 0) agent_library().guard_leave(&guard->entry);
  guard->thread = 0;
  Py_RETURN_FALSE;
}

void destroy(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  reinterpret_cast<freefunc>(PyType_GetSlot(type, Py_tp_free))(self);
  Py_DECREF(type);
}

PyObject* tainted(PyObject*, PyObject*) {
  const auto count = agent_library().guard_faults;
  return PyLong_FromUnsignedLong(count != nullptr ? count() : 0);
}

PyMethodDef guard_methods[] = {
    {"__enter__", &enter, METH_VARARGS, nullptr},
    {"__exit__", &leave, METH_VARARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

constexpr char kGuardText[] =
    "guard()\n--\n\n"
    "A with statement in which a fault of C code raises pyfault.Fault:\n\n"
    "    try:\n"
    "        with pyfault.guard():\n"
    "            thumbnail = library.decode(data)\n"
    "    except pyfault.Fault as fault:\n"
    "        log.error(\"not decoded: %s\", fault.crash_id)\n\n"
    "Faults are SIGSEGV, SIGBUS, SIGFPE, and an overflown C stack, in C code that\n"
    "Python has called in this thread. They are recorded first, and reported as\n"
    "crashes. Then the call that Python has made raises the exception: finally\n"
    "blocks run and locks of with statements are released. The C code is cut off in\n"
    "the middle: what it has locked stays locked, what it has half written stays half\n"
    "written, and its memory and references are lost. Save what you can, and let the\n"
    "process be replaced; tainted() tells that it should be.\n\n"
    "Where that cannot be right, the process dies as without a guard, and the record\n"
    "says so: inside malloc(), the dynamic linker or the garbage collector, in an\n"
    "operation that returns no object (an item is set, an object is released), with\n"
    "less than 64 KiB of stack left, in free-threaded interpreters and in those of tail\n"
    "calls, as some builds from 3.14 on are. abort() is not a fault.\n\n"
    "A guard is open in its thread, also while a generator that has entered it is\n"
    "suspended, and is left in the same thread, or RuntimeError is raised. Guards may\n"
    "be nested. Without an agent there is no effect. Not for C signal handlers.\n"
    "Entering and leaving cost well under a microsecond, except the first time.";

PyType_Slot guard_slots[] = {
    {Py_tp_doc, const_cast<char*>(kGuardText)},
    {Py_tp_methods, guard_methods},
    {Py_tp_new, reinterpret_cast<void*>(&PyType_GenericNew)},
    {Py_tp_dealloc, reinterpret_cast<void*>(&destroy)},
    {0, nullptr},
};

PyType_Spec guard_spec = {"pyfault.guard", sizeof(Guard), 0, Py_TPFLAGS_DEFAULT, guard_slots};

constexpr char kFaultText[] =
    "A fault of C code that Python has called, in a thread with an open guard().\n\n"
    "signal: the number of the signal, such as signal.SIGSEGV.\n"
    "address: what the code has accessed, or the instruction that could not divide;\n"
    "    None if the processor does not tell.\n"
    "crash_id: the id of the report, 32 hex digits; None if there is none, because the\n"
    "    watchdog is gone or reports too many crashes.";

PyMethodDef functions[] = {
    {"tainted", &tainted, METH_NOARGS,
     "tainted($module, /)\n--\n\n"
     "Returns how many faults have become exceptions in this process, an int: if not 0,\n"
     "something may be locked or half written, and the process should be replaced soon.\n\n"
     "A forked child counts on from its parent's. May be called by any thread."},
    {nullptr, nullptr, 0, nullptr},
};

PyObject* make_fault_type() {
  const Reference members(PyDict_New());
  for (const char* name : {"signal", "address", "crash_id"}) {
    if (!members || PyDict_SetItemString(members.get(), name, Py_None) != 0) return nullptr;
  }
  return PyErr_NewExceptionWithDoc("pyfault.Fault", kFaultText, PyExc_Exception, members.get());
}

}  // namespace

bool add_guard(PyObject* module) {
  current_thread_state();  // looked up now: a landing must not wait for the dynamic linker
  fault_type = make_fault_type();
  PyObject* guard_type = PyType_FromSpec(&guard_spec);
  if (fault_type == nullptr || guard_type == nullptr) return false;
  Py_INCREF(fault_type);
  return PyModule_AddFunctions(module, functions) == 0 &&
         PyModule_AddObject(module, "Fault", fault_type) == 0 &&
         PyModule_AddObject(module, "guard", guard_type) == 0;
}

}  // namespace pyfault
