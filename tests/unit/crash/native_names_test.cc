#include "watchdog/crash/native_names.h"

#include <gtest/gtest.h>

namespace pyfault::test {
namespace {

TEST(NativeNames, suffixes_of_compilers_and_linkers_are_removed) {
  EXPECT_EQ(without_suffix("f.constprop.0"), "f");
  EXPECT_EQ(without_suffix("f.isra.0.cold"), "f");
  EXPECT_EQ(without_suffix("f.part.12.lto_priv.3"), "f");
  EXPECT_EQ(without_suffix("_PyEval_EvalFrameDefault.cold.2962"), "_PyEval_EvalFrameDefault");
  EXPECT_EQ(without_suffix("qsort@@GLIBC_2.2.5"), "qsort");
  EXPECT_EQ(without_suffix("foo(int) [clone .isra.0]"), "foo(int)");
}

TEST(NativeNames, the_rest_of_a_name_is_kept) {
  for (const char* name : {"f", "", "main.coldStart", "f.0", "f.12", ".cold", "@",
                           "std::pair<a, b>", "a.partial", "0"}) {
    EXPECT_EQ(without_suffix(name), name);
  }
}

TEST(NativeNames, what_ends_the_process_is_known) {
  for (const char* name : {"raise", "abort", "__pthread_kill_implementation", "__assert_fail",
                           "__libc_message", "malloc_printerr", "__stack_chk_fail",
                           "__fortify_fail", "std::terminate()", "__cxa_throw"}) {
    EXPECT_TRUE(ends_process(name)) << name;
  }
  EXPECT_FALSE(ends_process("aborted"));
  EXPECT_FALSE(ends_process("raise_error"));
  EXPECT_FALSE(ends_process("free"));
  EXPECT_FALSE(ends_process(""));
}

TEST(NativeNames, what_passes_a_call_on_is_known) {
  for (const char* name :
       {"_PyEval_EvalFrameDefault", "_PyEval_EvalFrameDefault.cold", "PyObject_Vectorcall",
        "_PyObject_MakeTpCall", "_PyFunction_Vectorcall", "method_vectorcall_O", "slot_tp_call",
        "type_call", "cfunction_vectorcall_FASTCALL", "_PyObject_CallFunction_SizeT"}) {
    EXPECT_TRUE(passes_call_on(name)) << name;
  }
  for (const char* name : {"list_sort_impl", "map_next", "PyList_Append", "call", "qsort", ""}) {
    EXPECT_FALSE(passes_call_on(name)) << name;
  }
}

TEST(NativeNames, where_processes_and_threads_start_is_known) {
  for (const char* name : {"_start", "__libc_start_main@@GLIBC_2.34", "__libc_start_call_main",
                           "start_thread", "__clone3"}) {
    EXPECT_TRUE(starts_process(name)) << name;
  }
  EXPECT_FALSE(starts_process("main"));
}

}  // namespace
}  // namespace pyfault::test
