// An extension of CPython that throws an exception which nobody catches.
#include <Python.h>

#include <stdexcept>

namespace peer {

volatile int steps;  // work behind each call, so that none is the last thing its function does

__attribute__((noinline)) void fail(int step) {
  steps = step;
  throw std::runtime_error("nobody catches this");
}

__attribute__((noinline)) PyObject* relay(PyObject* function) {
  PyObject* result = PyObject_CallObject(function, nullptr);
  ++steps;
  return result;
}

PyObject* call(PyObject*, PyObject* function) {
  PyObject* result = relay(function);
  ++steps;
  return result;
}

PyObject* fail_for_python(PyObject*, PyObject*) {
  fail(1);
  Py_RETURN_NONE;
}

PyMethodDef methods[] = {{"fail", fail_for_python, METH_NOARGS, nullptr},
                         {"call", call, METH_O, nullptr},
                         {nullptr, nullptr, 0, nullptr}};
PyModuleDef module = {PyModuleDef_HEAD_INIT,
                      "peer_exception",
                      nullptr,
                      -1,
                      methods,
                      nullptr,
                      nullptr,
                      nullptr,
                      nullptr};

}  // namespace peer

PyMODINIT_FUNC PyInit_peer_exception() {
  return PyModule_Create(&peer::module);
}
