// annotate(), breadcrumb() and heartbeat() of the module.
#pragma once

#include <Python.h>

namespace pyfault {

// Adds the functions to the module. Returns false with an exception set.
bool add_context(PyObject* module);

}  // namespace pyfault
