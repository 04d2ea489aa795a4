#include "agent/python/extension/delicate_code.h"

#include <Python.h>

#include "agent/python/extension/agent_library.h"
#include "agent/python/extension/python_api.h"
#include "agent/python/extension/reference.h"

namespace pyfault {
namespace {

// The function up to which the agent is to look when the collector visits a probe; null: it does
// not want to know.
void* outermost = nullptr;

int traverse_probe(PyObject*, visitproc, void*) {
  if (outermost != nullptr) agent_library().guard_collector(outermost);
  return 0;
}

void destroy_probe(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  PyObject_GC_UnTrack(self);
  PyObject_GC_Del(self);
  Py_DECREF(type);
}

PyType_Slot probe_slots[] = {
    {Py_tp_traverse, reinterpret_cast<void*>(&traverse_probe)},
    {Py_tp_dealloc, reinterpret_cast<void*>(&destroy_probe)},
    {0, nullptr},
};

PyType_Spec probe_spec = {"pyfault._pyfault.Probe", sizeof(PyObject), 0,
                          Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC, probe_slots};

// `gc.collect(0)`
void watch_requested_collection(PyObject* gc) {
  const Reference collect(PyObject_GetAttrString(gc, "collect"));
  if (!collect) return;
  outermost = reinterpret_cast<void*>(PyCFunction_GetFunction(collect.get()));
  const Reference unreachable(PyObject_CallFunction(collect.get(), "i", 0));
}

// Up to 3.11, an allocation begins a collection once there have been enough, with code of its own.
void watch_automatic_collection(PyObject* gc, PyTypeObject* type) {
  constexpr int kEnough = 4;
  const Reference threshold(PyObject_CallMethod(gc, "get_threshold", nullptr));
  const Reference enabled(PyObject_CallMethod(gc, "isenabled", nullptr));
  const Reference set(PyObject_GetAttrString(gc, "set_threshold"));
  if (!threshold || !enabled || !set) return;
  const Reference lowest(PyObject_CallFunction(set.get(), "i", 1));
  const Reference on(PyObject_CallMethod(gc, "enable", nullptr));
  outermost = reinterpret_cast<void*>(&PyType_GenericAlloc);
  for (int count = 0; count < kEnough; ++count) {
    const Reference another(PyType_GenericAlloc(type, 0));
  }
  outermost = nullptr;
  const Reference as_before(PyObject_CallObject(set.get(), threshold.get()));
  if (enabled.get() == Py_False) Reference(PyObject_CallMethod(gc, "disable", nullptr));
}

void tell_collector() {
  const Reference gc(PyImport_ImportModule("gc"));
  const Reference type(PyType_FromSpec(&probe_spec));
  if (!gc || !type) return;
  auto* probe_type = reinterpret_cast<PyTypeObject*>(type.get());
  const Reference probe(PyType_GenericAlloc(probe_type, 0));
  if (!probe) return;
  watch_requested_collection(gc.get());
  outermost = nullptr;
  if (minor_version() < 12) watch_automatic_collection(gc.get(), probe_type);
}

void tell_allocators() {
  for (const int domain : {0, 1, 2}) {  // PYMEM_DOMAIN_RAW, _MEM, _OBJ
    PyMemAllocatorEx allocator{};
    PyMem_GetAllocator(domain, &allocator);
    for (void* function : {allocator.malloc, allocator.calloc, allocator.realloc, allocator.free}) {
      agent_library().guard_allocator(function);
    }
  }
}

}  // namespace

void tell_delicate_code() {
  static bool is_told = false;
  if (is_told) return;
  is_told = true;
  PyObject *type, *value, *traceback;
  PyErr_Fetch(&type, &value, &traceback);
  tell_allocators();
  tell_collector();
  PyErr_Clear();
  PyErr_Restore(type, value, traceback);
}

}  // namespace pyfault
