#include "agent/python/extension/context.h"

#include <sys/syscall.h>
#include <unistd.h>

#include "agent/python/extension/agent_library.h"
#include "agent/python/extension/python_api.h"
#include "agent/python/extension/reference.h"

namespace pyfault {
namespace {

// What is annotated now, from keys to values (str): for all threads, and for each thread in which a
// `with annotate(...)` is open. The agent keeps the same, but only for the watchdog.
PyObject* for_all = nullptr;
PyObject* for_threads = nullptr;  // from a thread's number to a dict

PyTypeObject* annotation_type = nullptr;

// What annotate() returns. In a `with` statement, the annotations hold for the thread and until the
// block ends; what stood there before then stands there again.
struct Annotation {
  PyObject_HEAD
      // Three tuples of the same size.
      PyObject* names;
  PyObject* values;
  PyObject* replaced;  // what stood in their place; None where nothing did
  // Its neighbours in `pending`.
  Annotation* older;
  Annotation* newer;
};

// The newest annotation that is alive and was not entered: hardly ever another one than that which
// is being made. What it has set for all threads may be taken back yet.
Annotation* pending = nullptr;

void begin_pending(Annotation* annotation) {
  annotation->older = pending;
  if (pending != nullptr) pending->newer = annotation;
  pending = annotation;
}

void end_pending(Annotation* annotation) {
  if (annotation->newer != nullptr) annotation->newer->older = annotation->older;
  if (annotation->older != nullptr) annotation->older->newer = annotation->newer;
  if (pending == annotation) pending = annotation->older;
  annotation->older = annotation->newer = nullptr;
}

struct Utf8 {
  Reference owner;  // of the bytes, where they are not the string's own
  const char* bytes = nullptr;
  Py_ssize_t size = -1;
};

// A string that cannot be encoded, because of a lone surrogate, is escaped instead.
Utf8 as_utf8(PyObject* text) {
  Utf8 utf8;
  utf8.bytes = PyUnicode_AsUTF8AndSize(text, &utf8.size);
  if (utf8.bytes != nullptr) return utf8;
  PyErr_Clear();
  utf8.owner = Reference(PyUnicode_AsEncodedString(text, "utf-8", "backslashreplace"));
  if (!utf8.owner) return utf8;
  utf8.bytes = PyBytes_AsString(utf8.owner.get());
  utf8.size = PyBytes_Size(utf8.owner.get());
  return utf8;
}

// The watchdog's reports show all values as text.
Reference as_text(PyObject* value) {
  return PyUnicode_Check(value) ? Reference::to(value) : Reference(PyObject_Str(value));
}

// `value`: a str, or None to remove the annotation. Without an agent there is nothing to tell.
bool tell_agent(int tid, PyObject* key, PyObject* value) {
  const auto annotate = agent_library().annotate;
  if (annotate == nullptr) return true;
  const Utf8 name = as_utf8(key);
  if (name.bytes == nullptr) return false;
  if (value == Py_None) {
    annotate(name.bytes, static_cast<size_t>(name.size), nullptr, 0, tid);
    return true;
  }
  const Utf8 text = as_utf8(value);
  if (text.bytes == nullptr) return false;
  annotate(name.bytes, static_cast<size_t>(name.size), text.bytes, static_cast<size_t>(text.size),
           tid);
  return true;
}

// Sets or removes one annotation in `current` and tells the agent.
bool change(PyObject* current, int tid, PyObject* key, PyObject* value) {
  if (value == Py_None) {
    if (PyDict_GetItemWithError(current, key) != nullptr && PyDict_DelItem(current, key) != 0) {
      return false;
    }
    return PyErr_Occurred() == nullptr && tell_agent(tid, key, value);
  }
  return PyDict_SetItem(current, key, value) == 0 && tell_agent(tid, key, value);
}

// Sets what the annotation says. Returns what stood there: a tuple, or nothing with an exception
// set.
Reference change_all(PyObject* current, int tid, PyObject* names, PyObject* values) {
  const Py_ssize_t size = PyTuple_Size(names);
  Reference replaced(PyTuple_New(size));
  for (Py_ssize_t index = 0; replaced && index < size; ++index) {
    PyObject* name = PyTuple_GetItem(names, index);
    PyObject* before = PyDict_GetItemWithError(current, name);
    if (before == nullptr && PyErr_Occurred() != nullptr) return Reference();
    if (before == nullptr) before = Py_None;
    Py_INCREF(before);
    PyTuple_SetItem(replaced.get(), index, before);
    if (!change(current, tid, name, PyTuple_GetItem(values, index))) return Reference();
  }
  return replaced;
}

int own_tid() {
  return static_cast<int>(syscall(SYS_gettid));
}

// The annotations of a thread, as a borrowed reference; null with an exception set.
PyObject* annotations_of(int tid) {
  const Reference key(PyLong_FromLong(tid));
  if (!key) return nullptr;
  PyObject* found = PyDict_GetItemWithError(for_threads, key.get());
  if (found != nullptr || PyErr_Occurred() != nullptr) return found;
  const Reference fresh(PyDict_New());
  if (!fresh || PyDict_SetItem(for_threads, key.get(), fresh.get()) != 0) return nullptr;
  return fresh.get();
}

bool forget_if_empty(int tid, PyObject* current) {
  if (PyDict_Size(current) != 0) return true;
  const Reference key(PyLong_FromLong(tid));
  return key && PyDict_DelItem(for_threads, key.get()) == 0;
}

void keep(PyObject*& place, Reference value) {
  const Reference old(std::exchange(place, value.release()));
}

// To be called when the annotation takes back what it has set for all threads. If another pending
// one has replaced that value, it must not restore it later, but what stood there before.
void hand_on(const Annotation* annotation, Py_ssize_t index) {
  PyObject* name = PyTuple_GetItem(annotation->names, index);
  PyObject* value = PyTuple_GetItem(annotation->values, index);
  for (const Annotation* other = pending; other != nullptr; other = other->older) {
    const Py_ssize_t size = other->replaced != nullptr ? PyTuple_Size(other->replaced) : 0;
    for (Py_ssize_t at = 0; at < size; ++at) {
      const bool has_replaced = PyTuple_GetItem(other->replaced, at) == value &&
                                PyUnicode_Compare(PyTuple_GetItem(other->names, at), name) == 0;
      if (!has_replaced) continue;
      PyTuple_SetItem(other->replaced, at,
                      Reference::to(PyTuple_GetItem(annotation->replaced, index)).release());
    }
  }
}

// Another thread may run between annotate() and the beginning of the block, and annotate the same:
// what it has set is left alone.
bool take_back_for_all(const Annotation* annotation) {
  for (Py_ssize_t index = 0; index < PyTuple_Size(annotation->names); ++index) {
    PyObject* name = PyTuple_GetItem(annotation->names, index);
    PyObject* now = PyDict_GetItemWithError(for_all, name);
    if (now == nullptr && PyErr_Occurred() != nullptr) return false;
    hand_on(annotation, index);
    const bool is_ours = now == nullptr || now == PyTuple_GetItem(annotation->values, index);
    if (is_ours && !change(for_all, 0, name, PyTuple_GetItem(annotation->replaced, index))) {
      return false;
    }
  }
  return true;
}

PyObject* enter(PyObject* self, PyObject*) {
  auto* annotation = reinterpret_cast<Annotation*>(self);
  const int tid = own_tid();
  PyObject* current = annotations_of(tid);
  end_pending(annotation);
  if (current == nullptr || !take_back_for_all(annotation)) return nullptr;
  Reference replaced = change_all(current, tid, annotation->names, annotation->values);
  if (!replaced) return nullptr;
  keep(annotation->replaced, std::move(replaced));
  return Reference::to(self).release();
}

PyObject* leave(PyObject* self, PyObject*) {
  auto* annotation = reinterpret_cast<Annotation*>(self);
  const int tid = own_tid();
  PyObject* current = annotations_of(tid);
  if (current == nullptr || !change_all(current, tid, annotation->names, annotation->replaced) ||
      !forget_if_empty(tid, current)) {
    return nullptr;
  }
  Py_RETURN_NONE;
}

void destroy(PyObject* self) {
  auto* annotation = reinterpret_cast<Annotation*>(self);
  end_pending(annotation);
  Py_CLEAR(annotation->names);
  Py_CLEAR(annotation->values);
  Py_CLEAR(annotation->replaced);
  PyTypeObject* type = Py_TYPE(self);
  reinterpret_cast<freefunc>(PyType_GetSlot(type, Py_tp_free))(self);
  Py_DECREF(type);
}

// The values as text. None stays what it is.
Reference as_texts(PyObject* const* values, Py_ssize_t size) {
  Reference texts(PyTuple_New(size));
  for (Py_ssize_t index = 0; texts && index < size; ++index) {
    Reference text = values[index] == Py_None ? Reference::to(Py_None) : as_text(values[index]);
    if (!text) return text;
    PyTuple_SetItem(texts.get(), index, text.release());
  }
  return texts;
}

PyObject* annotate(PyObject*, PyObject* const* arguments, Py_ssize_t count, PyObject* names) {
  if (count != 0) {
    PyErr_SetString(PyExc_TypeError, "annotate() takes keyword arguments only");
    return nullptr;
  }
  Reference result(PyType_GenericAlloc(annotation_type, 0));
  Reference own_names = names != nullptr ? Reference::to(names) : Reference(PyTuple_New(0));
  if (!result || !own_names) return nullptr;
  auto* annotation = reinterpret_cast<Annotation*>(result.get());
  keep(annotation->names, std::move(own_names));
  keep(annotation->values, as_texts(arguments, PyTuple_Size(annotation->names)));
  if (annotation->values == nullptr) return nullptr;
  begin_pending(annotation);
  keep(annotation->replaced, change_all(for_all, 0, annotation->names, annotation->values));
  return annotation->replaced != nullptr ? result.release() : nullptr;
}

PyObject* breadcrumb(PyObject*, PyObject* text) {
  if (!PyUnicode_Check(text)) {
    PyErr_SetString(PyExc_TypeError, "breadcrumb() takes a str");
    return nullptr;
  }
  const auto add = agent_library().breadcrumb;
  if (add == nullptr) Py_RETURN_NONE;
  const Utf8 utf8 = as_utf8(text);
  if (utf8.bytes == nullptr) return nullptr;
  add(utf8.bytes, static_cast<size_t>(utf8.size));
  Py_RETURN_NONE;
}

PyObject* heartbeat(PyObject*, PyObject*) {
  if (agent_library().heartbeat != nullptr) agent_library().heartbeat();
  Py_RETURN_NONE;
}

PyObject* refuse_to_make(PyTypeObject*, PyObject*, PyObject*) {
  PyErr_SetString(PyExc_TypeError, "an Annotation is made by annotate()");
  return nullptr;
}

PyMethodDef annotation_methods[] = {
    {"__enter__", &enter, METH_NOARGS, nullptr},
    {"__exit__", &leave, METH_VARARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

PyType_Slot annotation_slots[] = {
    {Py_tp_new, reinterpret_cast<void*>(&refuse_to_make)},
    {Py_tp_methods, annotation_methods},
    {Py_tp_dealloc, reinterpret_cast<void*>(&destroy)},
    {0, nullptr},
};

PyType_Spec annotation_spec = {"pyfault._pyfault.Annotation", sizeof(Annotation), 0,
                               Py_TPFLAGS_DEFAULT, annotation_slots};

PyMethodDef functions[] = {
    {"annotate", as_method(&annotate), METH_FASTCALL | METH_KEYWORDS,
     "annotate($module, /, **values)\n--\n\n"
     "Says what the program is doing, for the reports of crashes, dumps and ends.\n\n"
     "Each keyword argument sets one annotation; its value is kept as text, and None\n"
     "removes it. Keys are kept up to 64 bytes, values up to 1,024, and about 4,000\n"
     "in all. They hold for all threads; in a with statement, for this thread and\n"
     "until the block ends:\n\n"
     "    with pyfault.annotate(task=\"resize\", id=7):\n"
     "        ...\n\n"
     "What is annotated lies in shared memory, so it outlives the process, SIGKILL\n"
     "included. A forked child continues with its parent's. Raises TypeError for\n"
     "positional arguments, and what str() of a value raises; without a watchdog it\n"
     "does nothing. May be called by any thread, but not by C signal handlers."},
    {"breadcrumb", &breadcrumb, METH_O,
     "breadcrumb($module, text, /)\n--\n\n"
     "Keeps a line with its time. Reports show the last 32 that a process has left.\n\n"
     "Up to 238 bytes of UTF-8 are kept. Raises TypeError if text is not a str;\n"
     "without a watchdog it does nothing. May be called by any thread."},
    {"heartbeat", &heartbeat, METH_NOARGS,
     "heartbeat($module, /)\n--\n\n"
     "Says that the program makes progress. Reports tell how long ago the last\n"
     "heartbeat was. Without a watchdog it does nothing. May be called by any thread."},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace

bool add_context(PyObject* module) {
  for_all = PyDict_New();
  for_threads = PyDict_New();
  annotation_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&annotation_spec));
  return for_all != nullptr && for_threads != nullptr && annotation_type != nullptr &&
         PyModule_AddFunctions(module, functions) == 0;
}

}  // namespace pyfault
