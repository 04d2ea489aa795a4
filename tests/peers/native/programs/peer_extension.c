// An extension of CPython that dies in several ways, and calls Python back.
#include <Python.h>
#include <stdlib.h>

#define VISIBLE __attribute__((noinline, visibility("default")))

volatile int steps;  // work behind each call, so that none is the last thing its function does

static inline __attribute__((always_inline)) void store_inline(volatile int* target) {
  *target = 1;
}

VISIBLE void level3(volatile int* target) {
  store_inline(target);
  ++steps;
}

VISIBLE void level2(volatile int* target) {
  level3(target);
  ++steps;
}

VISIBLE PyObject* crash(PyObject* self, PyObject* none) {
  (void)self, (void)none;
  level2(NULL);
  Py_RETURN_NONE;
}

VISIBLE PyObject* relay(PyObject* function) {
  PyObject* result = PyObject_CallObject(function, NULL);
  ++steps;
  return result;
}

VISIBLE PyObject* call(PyObject* self, PyObject* function) {
  (void)self;
  PyObject* result = relay(function);
  ++steps;
  return result;
}

VISIBLE PyObject* give_up(PyObject* self, PyObject* none) {
  (void)self, (void)none;
  abort();
}

VISIBLE long quotient(long dividend, long divisor) {
  return dividend / divisor;
}

VISIBLE PyObject* divide(PyObject* self, PyObject* divisor) {
  (void)self;
  return PyLong_FromLong(quotient(1, PyLong_AsLong(divisor)));
}

static PyMethodDef methods[] = {
    {"crash", crash, METH_NOARGS, NULL},
    {"call", call, METH_O, NULL},
    {"give_up", give_up, METH_NOARGS, NULL},
    {"divide", divide, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};
static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "peer_extension", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_peer_extension(void) {
  return PyModule_Create(&module);
}
