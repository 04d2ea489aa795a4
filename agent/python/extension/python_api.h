// What the extension uses of CPython beyond the limited API of 3.8. Each of these is in every
// CPython from 3.8 on with the same binary interface, and joined the limited API later.
#pragma once

#include <Python.h>

// Include/methodobject.h; in the limited API from 3.10 on.
#ifndef METH_FASTCALL
#define METH_FASTCALL 0x0080
#endif

// Include/cpython/unicodeobject.h; in the limited API from 3.10 on.
// NOLINTNEXTLINE(*-identifier-naming): the name is CPython's.
extern "C" const char* PyUnicode_AsUTF8AndSize(PyObject* text, Py_ssize_t* size);

// Include/cpython/pymem.h (PyMemAllocatorDomain is an int).
struct PyMemAllocatorEx {
  void* context;
  void *malloc, *calloc, *realloc, *free;
};
// NOLINTNEXTLINE(*-identifier-naming): the name is CPython's.
extern "C" void PyMem_GetAllocator(int domain, PyMemAllocatorEx* allocator);

namespace pyfault {

// Returns the state of the thread that has the interpreter's lock; null: none is known to have it.
// From 3.12 on, that of the calling thread if it has the lock.
PyThreadState* current_thread_state();

// Of 3.minor.
int minor_version();

// METH_FASTCALL | METH_KEYWORDS: `names` is a tuple of the names of the last arguments, or null.
using FastFunction = PyObject* (*)(PyObject* self, PyObject* const* arguments, Py_ssize_t count,
                                   PyObject* names);

inline PyCFunction as_method(FastFunction function) {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
}

}  // namespace pyfault
