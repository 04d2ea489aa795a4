#include "watchdog/crash/native_names.h"

#include <algorithm>
#include <iterator>

namespace pyfault {
namespace {

// A pattern ends in '*' if more may follow.
bool fits(std::string_view name, std::string_view pattern) {
  if (!pattern.ends_with('*')) return name == pattern;
  pattern.remove_suffix(1);
  return name.starts_with(pattern);
}

template <typename Patterns>
bool fits_one_of(std::string_view name, const Patterns& patterns) {
  return std::any_of(std::begin(patterns), std::end(patterns),
                     [name](std::string_view pattern) { return fits(name, pattern); });
}

constexpr std::string_view kEnds[] = {"raise",
                                      "gsignal",
                                      "__GI_raise",
                                      "abort",
                                      "__GI_abort",
                                      "pthread_kill*",
                                      "__pthread_kill*",
                                      "__GI___pthread_kill*",
                                      "__assert",
                                      "__assert_fail*",
                                      "__assert_perror_fail*",
                                      "__libc_message*",
                                      "__libc_fatal*",
                                      "__libc_assert_fail*",
                                      "__malloc_assert*",
                                      "malloc_printerr*",
                                      "__stack_chk_fail*",
                                      "__fortify_fail*",
                                      "__chk_fail*",
                                      "__GI___assert_fail*",
                                      "__GI___fortify_fail*",
                                      "std::terminate*",
                                      "__gnu_cxx::__verbose_terminate_handler*",
                                      "__cxxabiv1::__terminate*",
                                      "__cxxabiv1::__unexpected*",
                                      "__cxa_throw",
                                      "__cxa_rethrow",
                                      "__clang_call_terminate",
                                      "_Py_FatalError*",
                                      "Py_FatalError"};

constexpr std::string_view kCalls[] = {"_PyEval_*",
                                       "PyEval_*",
                                       "_PyObject_Call*",
                                       "PyObject_Call*",
                                       "_PyObject_FastCall*",
                                       "_PyObject_MakeTpCall*",
                                       "object_vacall*",
                                       "_PyFunction_*",
                                       "function_code_fastcall*",
                                       "_PyCFunction_*",
                                       "PyCFunction_Call*",
                                       "_PyMethodDef_*",
                                       "_PyMethodDescr_*",
                                       "cfunction_*",
                                       "call_function*",
                                       "do_call_core*",
                                       "slot_tp_*",
                                       "type_call",
                                       "wrapper_call*",
                                       "gen_send_ex*",
                                       "gen_iternext",
                                       "_PyGen_*",
                                       "PyGen_*",
                                       "_TAIL_CALL_*",
                                       "py_trampoline_evaluator"};

constexpr std::string_view kStarts[] = {
    "_start",  "__libc_start_main*", "__libc_start_call_main", "start_thread", "clone", "clone3",
    "__clone", "__clone3",           "__GI___clone*"};

// Spelt in several ways: _PyObject_Vectorcall, method_vectorcall_O, _PyFunction_Vectorcall.
bool is_vectorcall(std::string_view name) {
  return name.find("ectorcall") != name.npos;
}

bool is_method_call(std::string_view name) {
  return name.starts_with("method_") && name.find("call") != name.npos;
}

constexpr std::string_view kSuffixes[] = {".cold",     ".constprop", ".isra",      ".part",
                                          ".lto_priv", ".llvm",      ".localalias"};

// The size of a suffix such as ".cold" or ".isra.0"; 0: there is none.
std::size_t suffix_size(std::string_view name) {
  const std::size_t digits = name.size() - (name.find_last_not_of("0123456789") + 1);
  const bool is_numbered =
      digits > 0 && name.size() > digits && name[name.size() - digits - 1] == '.';
  const std::size_t number = is_numbered ? digits + 1 : 0;
  const std::string_view rest = name.substr(0, name.size() - number);
  for (const std::string_view suffix : kSuffixes) {
    if (rest.ends_with(suffix) && rest.size() > suffix.size()) return suffix.size() + number;
  }
  return 0;
}

}  // namespace

bool ends_process(std::string_view function) {
  return fits_one_of(without_suffix(function), kEnds);
}

bool passes_call_on(std::string_view function) {
  const std::string_view name = without_suffix(function);
  return is_vectorcall(name) || is_method_call(name) || fits_one_of(name, kCalls);
}

bool starts_process(std::string_view function) {
  return fits_one_of(without_suffix(function), kStarts);
}

std::string_view without_suffix(std::string_view function) {
  function = function.substr(0, function.find(" [clone "));
  if (const std::size_t version = function.find('@'); version != 0)
    function = function.substr(0, version);
  while (const std::size_t size = suffix_size(function)) function.remove_suffix(size);
  return function;
}

std::string_view file_name_of(std::string_view path) {
  return path.substr(path.find_last_of('/') + 1);
}

}  // namespace pyfault
