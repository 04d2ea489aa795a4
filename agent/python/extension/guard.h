// guard, Fault and tainted() of the module.
#pragma once

#include <Python.h>

namespace pyfault {

// Adds them to the module. Returns false with an exception set.
bool add_guard(PyObject* module);

}  // namespace pyfault
