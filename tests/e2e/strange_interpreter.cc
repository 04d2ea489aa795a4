// Has the symbols that the agent looks for in an interpreter, but is none: it claims to be the
// Python of the version that it was compiled for, and dies.
extern "C" {
[[gnu::used]] extern const unsigned long Py_Version = STRANGE_VERSION;
[[gnu::used]] char _PyRuntime[4096] = STRANGE_RUNTIME;
[[gnu::used]] char PyCode_Type[512];
[[gnu::used]] char PyUnicode_Type[512];
[[gnu::used]] char PyFrame_Type[512];
}

int main() {
  const volatile int* volatile nowhere = nullptr;
  return *nowhere;
}
