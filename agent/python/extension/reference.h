// Owns a reference to a Python object. Everything in this folder needs the interpreter's lock.
#pragma once

#include <Python.h>

#include <utility>

namespace pyfault {

class Reference {
 public:
  Reference() = default;
  // Takes over a new reference, which may be null: an exception is set then.
  explicit Reference(PyObject* object) : object_(object) {}
  static Reference to(PyObject* borrowed) {
    Py_XINCREF(borrowed);
    return Reference(borrowed);
  }

  Reference(Reference&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Reference& operator=(Reference&& other) noexcept {
    Reference old(std::exchange(object_, std::exchange(other.object_, nullptr)));
    return *this;
  }
  ~Reference() { Py_XDECREF(object_); }

  explicit operator bool() const { return object_ != nullptr; }
  PyObject* get() const { return object_; }
  PyObject* release() { return std::exchange(object_, nullptr); }

 private:
  PyObject* object_ = nullptr;
};

}  // namespace pyfault
