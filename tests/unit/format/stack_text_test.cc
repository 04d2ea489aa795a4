// Which native frames a text report shows, and how.
#include "watchdog/format/stack_text.h"

#include <gmock/gmock.h>

#include "tests/unit/format/example_events.h"

namespace pyfault {
namespace {

using testing::HasSubstr;
using testing::Not;

struct StackTextTest : testing::Test {
  StackTextTest() {
    crash.threads[0].frames = {code_frame("a.py", 1, "leaf"), code_frame("a.py", 2, "main")};
    crash.threads[0].native = NativeStack{true, "", NativeStack::Merge::kAnchors};
  }

  std::string with(std::vector<StackEntry> stack) {
    crash.threads[0].stack = std::move(stack);
    return StackText(crash, full).of(crash.threads[0]);
  }
  static StackEntry in_natx(std::string function) {
    return native_entry("/srv/natx.so", std::move(function), 0x10);
  }
  static StackEntry faulting(StackEntry entry) {
    return with_trust(std::move(entry), Trust::kContext);
  }
  static StackEntry evaluation() { return in_python("_PyEval_EvalFrameDefault"); }

  Crash crash = example_crash();
  bool full = false;
};

constexpr char kLeaf[] = "  File \"a.py\", line 1, in leaf\n";
constexpr char kMain[] = "  File \"a.py\", line 2, in main\n";

TEST_F(StackTextTest, a_call_from_python_to_python_leaves_no_line) {
  EXPECT_EQ(with({python_entry(0), evaluation(), in_python("_PyFunction_Vectorcall"),
                  in_python("slot_tp_call"), python_entry(1)}),
            std::string(kLeaf) + kMain);
}

TEST_F(StackTextTest, what_calls_python_back_stands_between_the_calls) {
  EXPECT_EQ(with({python_entry(0), evaluation(), in_libc("qsort"), in_natx("sort"),
                  in_python("_PyObject_MakeTpCall"), python_entry(1)}),
            std::string(kLeaf) +
                "  ... 1 frame of the interpreter ...\n"
                "  at qsort in libc.so.6+0x6000\n"
                "  at sort in natx.so+0x10\n"
                "  ... 1 frame of the interpreter ...\n" +
                kMain);
}

TEST_F(StackTextTest, functions_of_the_interpreter_that_do_something_are_shown) {
  EXPECT_THAT(with({python_entry(0), evaluation(), in_python("list_sort_impl"), python_entry(1)}),
              HasSubstr("  at list_sort_impl in python3.11+0x5000\n"));
}

TEST_F(StackTextTest, a_stripped_interpreter_is_folded_between_python_frames) {
  EXPECT_EQ(with({in_natx("f"), in_python(""), python_entry(0), in_python(""), in_python(""),
                  python_entry(1), in_python(""), in_libc(""), in_libc("")}),
            std::string("  at f in natx.so+0x10\n  at ??? in python3.11+0x5000\n") + kLeaf +
                "  ... 2 frames of the interpreter ...\n" + kMain +
                "  ... 3 frames of the interpreter ...\n");
}

TEST_F(StackTextTest, a_stripped_extension_is_shown_between_python_frames) {
  crash.threads[1].stack = {evaluation()};  // which tells what the interpreter's module is
  EXPECT_THAT(with({python_entry(0), in_natx(""), python_entry(1)}),
              HasSubstr("  at ??? in natx.so+0x10\n"));
}

TEST_F(StackTextTest, the_faulting_frame_is_shown_whatever_it_is) {
  EXPECT_EQ(
      with({faulting(inlined(in_python("Py_INCREF"))), faulting(evaluation()), python_entry(0)}),
      std::string("  at Py_INCREF in python3.11+0x5000 [inlined]\n"
                  "  at _PyEval_EvalFrameDefault in python3.11+0x5000\n") +
          kLeaf);
}

TEST_F(StackTextTest, what_was_inlined_is_folded_with_its_frame) {
  EXPECT_EQ(with({python_entry(0), inlined(in_python("Py_DECREF")), evaluation(), python_entry(1)}),
            std::string(kLeaf) + kMain);
}

TEST_F(StackTextTest, a_program_that_embeds_python_is_shown_below_it) {
  const std::string text = with(
      {python_entry(0), evaluation(), in_python("PyRun_FileExFlags"),
       native_entry("/usr/bin/uwsgi", "serve", 0x30), native_entry("/usr/bin/uwsgi", "main", 0x40),
       in_libc("__libc_start_main"), native_entry("/usr/bin/uwsgi", "_start", 0x50)});
  EXPECT_EQ(text, std::string(kLeaf) +
                      "  ... 2 frames of the interpreter ...\n"
                      "  at serve in uwsgi+0x30\n"
                      "  at main in uwsgi+0x40\n"
                      "  ... 2 frames of the interpreter ...\n");
}

TEST_F(StackTextTest, what_ends_the_process_is_folded_above_its_caller) {
  EXPECT_EQ(
      with({faulting(in_libc("")), in_libc("raise"), in_libc("abort"), in_libc("__libc_message"),
            in_libc("malloc_printerr"), in_libc("_int_free"), python_entry(0)}),
      std::string("  ... 5 frames that end the process ...\n"
                  "  at _int_free in libc.so.6+0x6000\n") +
          kLeaf);
}

TEST_F(StackTextTest, so_is_what_ends_it_after_a_cpp_exception) {
  EXPECT_EQ(with({faulting(in_libc("")), in_libc("raise"), in_libc("abort"),
                  native_entry("/usr/lib/libstdc++.so.6", "", 1),
                  native_entry("/usr/lib/libstdc++.so.6", "std::terminate()", 2),
                  native_entry("/usr/lib/libstdc++.so.6", "__cxa_throw", 3), in_natx("load")}),
            "  ... 6 frames that end the process ...\n  at load in natx.so+0x10\n");
}

TEST_F(StackTextTest, a_fault_in_libc_ends_nothing) {
  EXPECT_EQ(with({faulting(in_libc("")), in_natx("f")}),
            "  at ??? in libc.so.6+0x6000\n  at f in natx.so+0x10\n");
}

TEST_F(StackTextTest, perf_trampolines_pass_a_call_on) {
  StackEntry trampoline;
  trampoline.native.trust = Trust::kCfi;
  EXPECT_EQ(
      with({python_entry(0), evaluation(), trampoline,
            with_trust(in_python("py_trampoline_evaluator"), Trust::kTrampoline), python_entry(1)}),
      std::string(kLeaf) + kMain);
}

TEST_F(StackTextTest, how_surely_a_frame_was_found_is_said_if_it_is_not_sure) {
  EXPECT_THAT(with({with_trust(in_natx("f"), Trust::kScan)}),
              HasSubstr("  at f in natx.so+0x10 [trust: scan]\n"));
  EXPECT_THAT(with({with_trust(in_natx("f"), Trust::kFramePointer)}), HasSubstr("[trust: fp]\n"));
  EXPECT_THAT(with({with_trust(in_natx("f"), Trust::kTopOfStack)}), HasSubstr("top-of-stack]\n"));
  EXPECT_THAT(with({in_natx("f")}), HasSubstr("natx.so+0x10\n"));
}

TEST_F(StackTextTest, a_signal_frame_and_a_frame_in_no_module) {
  StackEntry signal_frame = in_libc("__restore_rt");
  signal_frame.native.signal_frame = true;
  StackEntry nowhere;
  nowhere.native.address = 0xdeadbeef000;
  EXPECT_EQ(with({nowhere, signal_frame}),
            "  at ??? at 0xdeadbeef000 in no module\n  <signal handler called>\n");
}

TEST_F(StackTextTest, a_source_file_is_named_as_the_compiler_names_it) {
  EXPECT_EQ(with({at_line(in_natx("f"), "./src/natx.c", 7), at_line(in_natx("g"), "/b/g.c", 8)}),
            "  at f (src/natx.c:7) in natx.so+0x10\n  at g (/b/g.c:8) in natx.so+0x10\n");
}

TEST_F(StackTextTest, a_very_long_name_is_cut) {
  const std::string text = with({in_natx(std::string(5000, 'T'))});
  EXPECT_LT(text.size(), 300U);
  EXPECT_THAT(text, HasSubstr("TTT... in natx.so"));
}

TEST_F(StackTextTest, in_full_nothing_is_folded) {
  full = true;
  EXPECT_EQ(with({python_entry(0), evaluation(), python_entry(1), in_python("_start")}),
            std::string(kLeaf) + "  at _PyEval_EvalFrameDefault in python3.11+0x5000\n" + kMain +
                "  at _start in python3.11+0x5000\n");
}

TEST_F(StackTextTest, frames_that_could_not_be_merged_follow_with_the_reason) {
  crash.threads[0].native = NativeStack{false, "no name", NativeStack::Merge::kNone};
  EXPECT_EQ(with({python_entry(0), python_entry(1), faulting(in_natx("f")), in_python("list_sort"),
                  evaluation()}),
            std::string(kLeaf) + kMain +
                "  <native frames, not merged with those above: no name>\n"
                "  at f in natx.so+0x10\n"
                "  at list_sort in python3.11+0x5000\n"
                "  ... 1 frame of the interpreter ...\n");
}

TEST_F(StackTextTest, a_stack_that_ends_early_says_why) {
  crash.threads[0].native = NativeStack{false, "it is overwritten", NativeStack::Merge::kAnchors};
  EXPECT_EQ(with({in_natx("f"), python_entry(0)}),
            std::string("  at f in natx.so+0x10\n") + kLeaf +
                "  <native frames incomplete: it is overwritten>\n");
}

TEST_F(StackTextTest, without_any_native_frame_the_python_ones_stand_alone) {
  crash.threads[0].native = NativeStack{false, "not in time", NativeStack::Merge::kNone};
  EXPECT_EQ(with({}), std::string(kLeaf) + kMain + "  <no native frames: not in time>\n");
  crash.threads[0].native.reset();
  EXPECT_EQ(with({}), std::string(kLeaf) + kMain);
  crash.threads[0].frames.clear();
  EXPECT_EQ(with({}), "  <no Python frame>\n");
}

TEST_F(StackTextTest, entries_that_were_left_out_are_counted) {
  EXPECT_EQ(with({in_natx("f"), omitted_entries(12), omitted_entries(std::nullopt)}),
            "  at f in natx.so+0x10\n  ... 12 frames omitted ...\n"
            "  ... further frames, not counted ...\n");
}

TEST_F(StackTextTest, a_recursion_through_c_is_short) {
  crash.threads[0].frames[0].repeat = 199;
  std::vector<StackEntry> stack;
  for (int i = 0; i < 100; ++i) {
    stack.push_back(python_entry(0));
    stack.push_back(in_natx("call"));
  }
  stack.push_back(python_entry(1));
  EXPECT_EQ(with(stack), std::string(kLeaf) +
                             "  at call in natx.so+0x10\n"
                             "  [Previous 2 entries repeated 98 more times]\n" +
                             kLeaf +
                             "  [That frame stands for 100 more calls]\n"
                             "  at call in natx.so+0x10\n" +
                             kMain);
}

TEST_F(StackTextTest, a_frame_that_is_not_there_is_left_out) {
  EXPECT_EQ(with({python_entry(7), in_natx("f")}), "  at f in natx.so+0x10\n");
}

}  // namespace
}  // namespace pyfault
