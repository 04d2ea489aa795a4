// The extension module pyfault._pyfault: what of the package needs C. One file serves every CPython
// from 3.8 on, for it keeps to the limited API (python_api.h has the exceptions).
#include <Python.h>

#include "agent/python/extension/agent_library.h"
#include "agent/python/extension/context.h"
#include "agent/python/extension/guard.h"
#include "agent/python/extension/reference.h"

namespace pyfault {
namespace {

// Without the interpreter's lock: the agent may wait for the watchdog.
PyObject* dump(PyObject*, PyObject*) {
  const auto record = agent_library().dump;
  int result = -1;
  if (record != nullptr) {
    PyThreadState* state = PyEval_SaveThread();
    result = record();
    PyEval_RestoreThread(state);
  }
  return PyBool_FromLong(result == 0 ? 1 : 0);
}

PyObject* load(PyObject*, PyObject* path) {
  const Reference encoded(PyUnicode_EncodeFSDefault(path));
  if (!encoded) return nullptr;
  const char* problem = load_agent(PyBytes_AsString(encoded.get()));
  if (problem != nullptr) return PyErr_Format(PyExc_OSError, "%S: %s", path, problem);
  Py_RETURN_NONE;
}

PyObject* enable(PyObject*, PyObject* address) {
  const auto start = agent_library().enable;
  if (start == nullptr) return PyErr_Format(PyExc_RuntimeError, "the agent is not loaded");
  void* scope = interpreter_scope();
  if (address == Py_None) return PyLong_FromLong(start(nullptr, scope));
  const Reference encoded(PyUnicode_EncodeFSDefault(address));
  return encoded ? PyLong_FromLong(start(PyBytes_AsString(encoded.get()), scope)) : nullptr;
}

PyObject* disable(PyObject*, PyObject*) {
  const auto stop = agent_library().disable;
  return PyBool_FromLong(stop != nullptr ? stop() : 0);
}

PyObject* status(PyObject*, PyObject*) {
  pyfault_watch_state now{};
  const auto ask = agent_library().status;
  if (ask != nullptr) ask(&now);
  return Py_BuildValue("(iiiiii)", ask != nullptr ? 1 : 0, now.enabled, now.attached, now.preloaded,
                       now.threads, now.threads_without_stack);
}

PyMethodDef functions[] = {
    {"dump", &dump, METH_NOARGS, "Records a dump; returns whether that was possible."},
    {"load", &load, METH_O, "Loads the agent from a path, unless there is one. Raises OSError."},
    {"enable", &enable, METH_O,
     "pyfault_enable() of the agent with an address, or None; returns its result."},
    {"disable", &disable, METH_NOARGS, "pyfault_disable() of the agent, as a bool."},
    {"status", &status, METH_NOARGS,
     "Whether there is an agent, followed by the members of struct pyfault_watch_state."},
    {nullptr, nullptr, 0, nullptr},
};

int fill(PyObject* module) {
  find_agent();
  return PyModule_AddFunctions(module, functions) == 0 && add_context(module) && add_guard(module)
             ? 0
             : -1;
}

PyModuleDef_Slot slots[] = {
    {Py_mod_exec, reinterpret_cast<void*>(&fill)},
    {0, nullptr},
};

PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_pyfault", nullptr, 0, nullptr, slots, nullptr, nullptr, nullptr,
};

}  // namespace
}  // namespace pyfault

// NOLINTNEXTLINE(*-identifier-naming): the name is CPython's.
PyMODINIT_FUNC PyInit__pyfault() {
  return PyModuleDef_Init(&pyfault::definition);
}
