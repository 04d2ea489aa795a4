#include "agent/python/extension/context.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <limits>

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

// What one key is set to. Both are owned, and null until they are known.
struct Change {
  PyObject* value;     // a str, or None to remove the annotation
  PyObject* replaced;  // what stood in its place; None where nothing did
};

// What annotate() returns. In a `with` statement, the annotations hold for the thread and until the
// block ends; what stood there before then stands there again.
struct Annotation {
  PyObject_HEAD
      // A tuple; null if there are no keys.
      PyObject* names;
  Py_ssize_t size;
  Change* changes;  // of as many: `few`, or memory of their own
  Change few[4];
  // Its neighbours in `pending`, or in `open` once its block has begun.
  Annotation* older;
  Annotation* newer;
  int tid;    // of the thread that the block is in; 0: of the parent of this process
  int depth;  // how often the block has begun and not ended: `with` may be nested for one
              // annotation
};

// The memory of one annotation that is no more, for the next: most are made and dropped at once,
// and to allocate one takes longer than all that is done with it.
Annotation* spare = nullptr;

// The newest annotation that is alive and was not entered: hardly ever another one than that which
// is being made. What it has set for all threads may be taken back yet.
Annotation* pending = nullptr;

// The annotation whose block began last, of those whose block has not ended. Blocks of coroutines
// and generators may end in any order.
Annotation* open = nullptr;

// The thread in which a block began last, as this thread knew itself: in a forked child its number
// in the parent.
thread_local int known_tid = 0;

void put_in(Annotation*& newest, Annotation* annotation) {
  annotation->older = newest;
  if (newest != nullptr) newest->newer = annotation;
  newest = annotation;
}

void take_out(Annotation*& newest, Annotation* annotation) {
  if (annotation->newer != nullptr) annotation->newer->older = annotation->older;
  if (annotation->older != nullptr) annotation->older->newer = annotation->newer;
  if (newest == annotation) newest = annotation->older;
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

// Returns null, without an exception, where Python has to write it: a large number, or a subclass
// of int. Most numbers are small, and str() takes longer for one than all the rest of annotate().
Reference text_of_number(PyObject* value) {
  if (!PyLong_CheckExact(value)) return {};
  int overflow = 0;
  const long number = PyLong_AsLongAndOverflow(value, &overflow);
  if (overflow != 0) return {};
  char text[std::numeric_limits<long>::digits10 + 2];
  char* const end = text + sizeof text;
  char* begin = end;
  auto rest = static_cast<unsigned long>(number);
  if (number < 0) rest = 0 - rest;
  do {
    *--begin = static_cast<char>('0' + rest % 10);
    rest /= 10;
  } while (rest != 0);
  if (number < 0) *--begin = '-';
  return Reference(PyUnicode_FromStringAndSize(begin, end - begin));
}

// The watchdog's reports show all values as text.
Reference as_text(PyObject* value) {
  if (PyUnicode_Check(value)) return Reference::to(value);
  if (Reference text = text_of_number(value); text || PyErr_Occurred() != nullptr) return text;
  return Reference(PyObject_Str(value));
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

PyObject* name_at(const Annotation* annotation, Py_ssize_t index) {
  return PyTuple_GetItem(annotation->names, index);
}

// Replaces an owned reference. What it stood for is released last: that may run any Python code.
void keep(PyObject*& place, Reference value) {
  const Reference old(std::exchange(place, value.release()));
}

// Sets what the annotation says, and keeps what stood there.
bool change_all(PyObject* current, int tid, Annotation* annotation) {
  for (Py_ssize_t index = 0; index < annotation->size; ++index) {
    Change& one = annotation->changes[index];
    PyObject* name = name_at(annotation, index);
    PyObject* before = PyDict_GetItemWithError(current, name);
    if (before == nullptr && PyErr_Occurred() != nullptr) return false;
    keep(one.replaced, Reference::to(before != nullptr ? before : Py_None));
    if (!change(current, tid, name, one.value)) return false;
  }
  return true;
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

// To be called when the annotation takes back what it has set for all threads. If another pending
// one has replaced that value, it must not restore it later, but what stood there before.
void hand_on(const Annotation* annotation, Py_ssize_t index) {
  const Change& own = annotation->changes[index];
  PyObject* name = name_at(annotation, index);
  for (const Annotation* other = pending; other != nullptr; other = other->older) {
    for (Py_ssize_t at = 0; at < other->size; ++at) {
      PyObject*& replaced = other->changes[at].replaced;
      if (replaced == own.value && PyUnicode_Compare(name_at(other, at), name) == 0) {
        keep(replaced, Reference::to(own.replaced));
      }
    }
  }
}

// Another thread may run between annotate() and the beginning of the block, and annotate the same:
// what it has set is left alone.
bool take_back_for_all(const Annotation* annotation) {
  for (Py_ssize_t index = 0; index < annotation->size; ++index) {
    const Change& own = annotation->changes[index];
    PyObject* name = name_at(annotation, index);
    PyObject* now = PyDict_GetItemWithError(for_all, name);
    if (now == nullptr && PyErr_Occurred() != nullptr) return false;
    hand_on(annotation, index);
    const bool is_ours = now == nullptr || now == own.value;
    if (is_ours && !change(for_all, 0, name, own.replaced)) return false;
  }
  return true;
}

PyObject* enter(PyObject* self, PyObject*) {
  auto* annotation = reinterpret_cast<Annotation*>(self);
  if (annotation->depth == 0) {
    const int tid = known_tid = own_tid();
    PyObject* current = annotations_of(tid);
    take_out(pending, annotation);
    if (current == nullptr || !take_back_for_all(annotation) ||
        !change_all(current, tid, annotation)) {
      return nullptr;
    }
    annotation->tid = tid;
    put_in(open, annotation);
  }
  ++annotation->depth;
  return Reference::to(self).release();
}

// The change that has replaced what `annotation` sets by its own value, in a block that is still
// open; null if what `annotation` sets is what stands there.
Change* replacement_of(const Annotation* annotation, PyObject* name) {
  for (Annotation* other = annotation->newer; other != nullptr; other = other->newer) {
    if (other->tid != annotation->tid) continue;
    for (Py_ssize_t at = 0; at < other->size; ++at) {
      if (PyUnicode_Compare(name_at(other, at), name) == 0) return &other->changes[at];
    }
  }
  return nullptr;
}

// What stood there before stands there again, or will when a block ends that began later.
bool take_back(PyObject* current, const Annotation* annotation) {
  for (Py_ssize_t index = 0; index < annotation->size; ++index) {
    PyObject* name = name_at(annotation, index);
    PyObject* before = annotation->changes[index].replaced;
    if (Change* replacement = replacement_of(annotation, name); replacement != nullptr) {
      keep(replacement->replaced, Reference::to(before));
    } else if (!change(current, annotation->tid, name, before)) {
      return false;
    }
  }
  return true;
}

PyObject* leave(PyObject* self, PyObject*) {
  auto* annotation = reinterpret_cast<Annotation*>(self);
  if (annotation->depth == 0 || --annotation->depth > 0) Py_RETURN_NONE;
  const int tid = annotation->tid;
  PyObject* current = tid != 0 ? annotations_of(tid) : nullptr;
  const bool is_taken_back = tid == 0 || (current != nullptr && take_back(current, annotation) &&
                                          forget_if_empty(tid, current));
  take_out(open, annotation);
  if (!is_taken_back) return nullptr;
  Py_RETURN_NONE;
}

// Says what is annotated for a thread of the parent: in the child it is `tid`, or (0) is no more.
bool move_annotations(int parents_tid, PyObject* annotations, int tid) {
  PyObject* name = nullptr;
  PyObject* value = nullptr;
  for (Py_ssize_t at = 0; PyDict_Next(annotations, &at, &name, &value) != 0;) {
    if (!tell_agent(parents_tid, name, Py_None)) return false;
    if (tid != 0 && !tell_agent(tid, name, value)) return false;
  }
  return true;
}

// Called in a forked child: of the parent's threads there is only the one that has forked, and it
// has another number. The agent's copy of what the parent has annotated still has the old ones.
PyObject* continue_after_fork(PyObject*, PyObject*) {
  const int tid = own_tid();
  const Reference of_parent(std::exchange(for_threads, nullptr));
  for_threads = PyDict_New();
  if (for_threads == nullptr) return nullptr;
  PyObject* parents_tid = nullptr;
  PyObject* annotations = nullptr;
  for (Py_ssize_t at = 0; PyDict_Next(of_parent.get(), &at, &parents_tid, &annotations) != 0;) {
    const int before = static_cast<int>(PyLong_AsLong(parents_tid));
    const bool is_own = before == known_tid;
    if (!move_annotations(before, annotations, is_own ? tid : 0)) return nullptr;
    const Reference key(PyLong_FromLong(tid));
    if (!key || (is_own && PyDict_SetItem(for_threads, key.get(), annotations) != 0)) {
      return nullptr;
    }
  }
  for (Annotation* each = open; each != nullptr; each = each->older) {
    each->tid = each->tid == known_tid ? tid : 0;
  }
  known_tid = tid;
  Py_RETURN_NONE;
}

void destroy(PyObject* self) {
  auto* annotation = reinterpret_cast<Annotation*>(self);
  take_out(annotation->depth > 0 ? open : pending, annotation);
  for (Py_ssize_t index = 0; index < annotation->size; ++index) {
    Py_CLEAR(annotation->changes[index].value);
    Py_CLEAR(annotation->changes[index].replaced);
  }
  Py_CLEAR(annotation->names);
  if (annotation->changes != annotation->few) PyMem_Free(annotation->changes);
  PyTypeObject* type = Py_TYPE(self);
  if (spare == nullptr) {
    spare = annotation;
  } else {
    reinterpret_cast<freefunc>(PyType_GetSlot(type, Py_tp_free))(self);
  }
  Py_DECREF(type);
}

// Returns an annotation that says nothing yet; null with an exception set.
Annotation* allocate() {
  if (spare == nullptr) {
    return reinterpret_cast<Annotation*>(PyType_GenericAlloc(annotation_type, 0));
  }
  auto* annotation = std::exchange(spare, nullptr);
  std::memset(static_cast<void*>(annotation), 0, sizeof *annotation);
  return reinterpret_cast<Annotation*>(
      PyObject_Init(reinterpret_cast<PyObject*>(annotation), annotation_type));
}

// Makes room for a change of each name.
bool set_names(Annotation* annotation, PyObject* names) {
  constexpr Py_ssize_t kFew = sizeof annotation->few / sizeof *annotation->few;
  annotation->changes = annotation->few;
  const Py_ssize_t size = names != nullptr ? PyTuple_Size(names) : 0;
  if (size > kFew) {
    auto* memory = PyMem_Calloc(static_cast<std::size_t>(size), sizeof(Change));
    if (memory == nullptr) {
      PyErr_NoMemory();
      return false;
    }
    annotation->changes = static_cast<Change*>(memory);
  }
  annotation->names = Reference::to(names).release();
  annotation->size = size;
  return true;
}

// The values as text. None stays what it is.
bool set_values(Annotation* annotation, PyObject* const* values) {
  for (Py_ssize_t index = 0; index < annotation->size; ++index) {
    PyObject* value = values[index];
    annotation->changes[index].value =
        (value == Py_None ? Reference::to(value) : as_text(value)).release();
    if (annotation->changes[index].value == nullptr) return false;
  }
  return true;
}

PyObject* annotate(PyObject*, PyObject* const* arguments, Py_ssize_t count, PyObject* names) {
  if (count != 0) {
    PyErr_SetString(PyExc_TypeError, "annotate() takes keyword arguments only");
    return nullptr;
  }
  Annotation* annotation = allocate();
  if (annotation == nullptr) return nullptr;
  Reference result(reinterpret_cast<PyObject*>(annotation));
  if (!set_names(annotation, names) || !set_values(annotation, arguments)) return nullptr;
  put_in(pending, annotation);
  return change_all(for_all, 0, annotation) ? result.release() : nullptr;
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
    {"continue_after_fork", &continue_after_fork, METH_NOARGS,
     "To be called in a forked child: annotate() goes on with what it had said."},
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
