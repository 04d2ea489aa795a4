// The module pyfault.faulthandler, for programs that say `import pyfault.faulthandler as
// faulthandler`. Everything in it is the interpreter's own, so that files get CPython's bytes;
// only enable() and disable() do more. A module in Python would add its frames to the reports.
#include <Python.h>

#include "agent/python/extension/agent_library.h"
#include "agent/python/extension/reference.h"

namespace pyfault {
namespace {

// The functions that the module replaces. Each interpreter of the process has its own.
struct Originals {
  PyObject* enable;
  PyObject* disable;
};

Originals& originals_of(PyObject* module) {
  return *static_cast<Originals*>(PyModule_GetState(module));
}

// Calls a function of pyfault._door, which knows who wants the process to be watched. What stands
// in the way is no error here, where faulthandler would know none. Returns false for what is not
// the watch's: KeyboardInterrupt and its like.
bool tell_door(const char* function) {
  const Reference door(PyImport_ImportModule("pyfault._door"));
  const Reference done(door ? PyObject_CallMethod(door.get(), function, nullptr) : nullptr);
  if (done) return true;
  if (PyErr_ExceptionMatches(PyExc_Exception) == 0) return false;
  PyErr_Clear();
  return true;
}

void record_first() {
  find_agent();
  if (agent_library().record_first != nullptr) agent_library().record_first();
}

// If the process is watched already, the agent must know of faulthandler's handler before that is
// installed; else the agent's handler comes later, and so to the front.
PyObject* enable(PyObject* module, PyObject* arguments, PyObject* names) {
  record_first();
  Reference result(PyObject_Call(originals_of(module).enable, arguments, names));
  if (!result || !tell_door("enable_for_faulthandler")) return nullptr;
  record_first();
  return result.release();
}

PyObject* disable(PyObject* module, PyObject* arguments, PyObject* names) {
  Reference result(PyObject_Call(originals_of(module).disable, arguments, names));
  if (!result || !tell_door("disable_for_faulthandler")) return nullptr;
  return result.release();
}

PyMethodDef functions[] = {
    {"enable", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(&enable)),
     METH_VARARGS | METH_KEYWORDS,
     "enable($module, /, *args, **kwargs)\n--\n\n"
     "faulthandler.enable(), with its arguments and errors, and a record before it.\n\n"
     "Has this process watched, as pyfault.enable() does, if that is possible; if not,\n"
     "it is no error, and pyfault.status() says what is missing. A fatal signal is then\n"
     "recorded first, and afterwards faulthandler writes to the file what it would have\n"
     "written without pyfault. Without a running watchdog (PYFAULT_SOCKET) one is\n"
     "started, which takes some 20 ms once and reports to PYFAULT_LOG or else to\n"
     "stderr. For any thread; not in signal handlers."},
    {"disable", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(&disable)),
     METH_VARARGS | METH_KEYWORDS,
     "disable($module, /)\n--\n\n"
     "faulthandler.disable(): returns whether faulthandler was enabled.\n\n"
     "If it was enable() of this module that had the process watched, that ends too,\n"
     "unless pyfault.enable() was called as well.\n"
     "For any thread; not in signal handlers."},
    {nullptr, nullptr, 0, nullptr},
};

// Leaves the module what it has already: enable(), disable(), its name and so on.
bool take_over_the_rest(PyObject* module, PyObject* original) {
  PyObject* name = nullptr;
  PyObject* value = nullptr;
  PyObject* members = PyModule_GetDict(original);
  for (Py_ssize_t at = 0; PyDict_Next(members, &at, &name, &value) != 0;) {
    if (PyObject_HasAttr(module, name) == 0 && PyObject_SetAttr(module, name, value) != 0) {
      return false;
    }
  }
  return true;
}

int fill(PyObject* module) {
  const Reference original(PyImport_ImportModule("faulthandler"));
  if (!original) return -1;
  Originals& originals = originals_of(module);
  originals.enable = PyObject_GetAttrString(original.get(), "enable");
  originals.disable = PyObject_GetAttrString(original.get(), "disable");
  return originals.enable != nullptr && originals.disable != nullptr &&
                 take_over_the_rest(module, original.get())
             ? 0
             : -1;
}

void forget(void* module) {
  auto* originals = static_cast<Originals*>(PyModule_GetState(static_cast<PyObject*>(module)));
  if (originals == nullptr) return;
  Py_CLEAR(originals->enable);
  Py_CLEAR(originals->disable);
}

PyModuleDef_Slot slots[] = {
    {Py_mod_exec, reinterpret_cast<void*>(&fill)},
    {0, nullptr},
};

PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    "faulthandler",
    "The interpreter's faulthandler, with pyfault's record before its reports.\n\n"
    "    import pyfault.faulthandler as faulthandler\n\n"
    "Everything here is CPython's own function with its arguments, errors and output,\n"
    "except that enable() also has the process watched, and disable() ends that.",
    sizeof(Originals),
    functions,  // faulthandler itself lists only modules that have some as extensions
    slots,
    nullptr,
    nullptr,
    &forget,
};

}  // namespace
}  // namespace pyfault

// NOLINTNEXTLINE(*-identifier-naming): the name is CPython's.
PyMODINIT_FUNC PyInit_faulthandler() {
  return PyModuleDef_Init(&pyfault::definition);
}
