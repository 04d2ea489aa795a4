#!/usr/bin/env python3
"""The comparison of native stacks must detect differences. No program runs here."""
import unittest

import agreement
import program


def gdb(function, address="0x10", kind="normal"):
    return {"function": function, "address": address, "kind": kind}


def ours(function, address="0x10", inlined=False, module="/usr/bin/python3.11"):
    return {"kind": "native", "function": function, "address": address, "inlined": inlined, "module": module}


def python(frame):
    return {"kind": "python", "frame": frame}


class FramesOfGdb(unittest.TestCase):
    def missing(self, theirs, mine, same_death=True):
        return [frame["function"] for frame in agreement.missing_frames(theirs, mine, same_death)]

    def test_a_frame_is_known_by_its_address(self):
        self.assertEqual(self.missing([gdb("__GI_abort", "0x1")], [ours("abort", "0x1")]), [])
        self.assertEqual(self.missing([gdb("abort", "0x1")], [ours("abort", "0x2")]), ["abort"])

    def test_a_frame_in_another_place_is_missing(self):
        theirs = [gdb("inner", "0x1"), gdb("outer", "0x2")]
        self.assertEqual(self.missing(theirs, [ours("outer", "0x2"), ours("inner", "0x1")]), ["outer"])

    def test_a_frame_that_only_we_have_is_no_difference(self):
        self.assertEqual(self.missing([gdb("outer", "0x2")], [ours("inner", "0x1"), ours("outer", "0x2")]), [])

    def test_what_gdb_infers_does_not_count(self):
        self.assertEqual(self.missing([gdb("tail", "0x1", "inferred")], []), [])

    def test_an_inlined_function_is_known_by_its_name_too(self):
        theirs = [gdb("inner", kind="inline"), gdb("outer")]
        self.assertEqual(self.missing(theirs, [ours("inner", inlined=True), ours("outer")]), [])
        self.assertEqual(self.missing(theirs, [ours("other", inlined=True), ours("outer")]), ["inner"])
        self.assertEqual(self.missing(theirs, [ours("outer")]), ["inner"])

    def test_of_another_death_only_names_count(self):
        theirs = [gdb("abort", "0x1"), gdb(None, "0x2"), gdb("main", "0x3")]
        self.assertEqual(self.missing(theirs, [ours("abort", "0x4"), ours(None, "0x5")], False), ["main"])

    def test_another_name_of_a_frame_is_told(self):
        theirs = [gdb("clone3", "0x1"), gdb("peer::run", "0x2"), gdb("known", "0x3")]
        mine = [ours("__clone3", "0x1"), ours("peer::run(int)", "0x2"), ours(None, "0x3")]
        self.assertEqual(agreement.named_otherwise(theirs, mine), [("clone3", "__clone3"), ("known", None)])

    def test_names_are_compared_without_what_compilers_add(self):
        for name, plain in (("void peer::each<int>(std::vector<int> const&)", "peer::each"),
                            ("slot_tp_init.cold", "slot_tp_init"), ("f.part.0.constprop.1", "f"),
                            ("__libc_start_main@@GLIBC_2.34", "__libc_start_main"), ("__GI_raise", "raise"),
                            ("A::load(int)::wrapper::operator()(int) const", "A::load::wrapper::operator")):
            self.assertEqual(agreement.plain(name), plain)


class PythonFrames(unittest.TestCase):
    def test_those_of_the_thread_that_died_are_read_from_faulthandler(self):
        text = ('Fatal Python error: Segmentation fault\n\n'
                'Thread 0x1 (most recent call first):\n  File "a.py", line 1 in wait\n\n'
                'Current thread 0x2 (most recent call first):\n  File "b.py", line 2 in die\n'
                '  File "b.py", line 3 in <module>\n\nExtension modules: x (total: 1)\n')
        self.assertEqual(agreement.faulthandler_frames(text), [("b.py", 2, "die"), ("b.py", 3, "<module>")])

    def test_those_of_py_bt_are_read_with_their_source_left_out(self):
        text = ('Traceback (most recent call first):\n  <built-in method memset of module object at remote 0x1>\n'
                '  File "b.py", line 2, in die\n    memset(0)\n  File "b.py", line 3, in <module>\n    die()\n')
        self.assertEqual(agreement.py_bt_frames(text), [("b.py", 2, "die"), ("b.py", 3, "<module>")])

    def test_what_py_bt_cannot_read_is_no_stack(self):
        for text in (None, "", "  (unable to read python frame information)\n", "(unable to read: error: no symbol)"):
            self.assertIsNone(agreement.py_bt_frames(text))

    def test_ours_are_as_many_as_were_folded(self):
        frame = {"file": "b.py", "line": 2, "function": "A.die", "repeat": 1}
        self.assertEqual(agreement.python_frames({"frames": [frame, {"unreadable": "0x1"}]}),
                         [("b.py", 2, "die"), ("b.py", 2, "die"), None])


class Order(unittest.TestCase):
    thread = {"frames": [{"function": "A.leaf"}, {"function": "<module>"}],
              "stack": [ours("memset", module="/lib/libc.so.6"), python(0), ours("eval"), ours("sort"), python(1),
                        ours("eval"), ours("_start")]}

    def is_right(self, truth):
        return agreement.is_in_order(self.thread, truth)

    def test_functions_follow_each_other_with_others_between(self):
        self.assertTrue(self.is_right("memset <- (leaf) <- sort <- (<module>) <- _start"))
        self.assertFalse(self.is_right("memset <- sort <- (leaf) <- (<module>) <- _start"))

    def test_a_module_stands_for_any_of_its_functions(self):
        self.assertTrue(self.is_right("@libc <- (leaf) <- @python <- (<module>)"))
        self.assertTrue(self.is_right("@c.so <- (leaf) <- (<module>)"))
        self.assertFalse(self.is_right("(leaf) <- @libc <- (<module>)"))

    def test_every_python_function_must_be_named(self):
        self.assertFalse(self.is_right("memset <- (<module>) <- _start"))
        self.assertFalse(self.is_right("memset <- (leaf) <- _start"))

    def test_unless_the_truth_leaves_them_out(self):
        self.assertTrue(self.is_right("memset <- ... <- (<module>) <- _start"))
        self.assertTrue(self.is_right("memset <- (leaf) <- ..."))


class Programs(unittest.TestCase):
    def test_each_says_how_it_dies_and_what_its_stack_is(self):
        for name in program.names():
            each = program.Program(name)
            self.assertRegex(each.head("Signal") or "", "^SIG", name)
            self.assertIn(" <- ", each.head("Stack") or "", name)

    def test_what_is_for_a_later_version_does_not_count_before_it(self):
        mix = program.Program("mix")
        self.assertIn("<listcomp>", mix.head("Stack", (3, 11)))
        self.assertNotIn("<listcomp>", mix.head("Stack", (3, 12)))
        self.assertNotIn("<listcomp>", mix.head("Stack", (3, 15)))


if __name__ == "__main__":
    unittest.main()
