#!/usr/bin/env python3
"""What is wrong with a report of a damaged program must be seen. No program runs here."""
import unittest

import verdict

TRUE = [{"file": "a.py", "line": line, "function": name, "code": hex(line)}
        for line, name in enumerate(("leaf", "run", "main"), 1)]


def crash(frames=TRUE, stack=None, **native):
    native = {"complete": True, "merged_by": "anchors", **native} if stack is not None else None
    return [{"event": "start"}, {"event": "crash", "threads": [{"frames": frames, "stack": stack, "native": native}]}]


class PythonFrames(unittest.TestCase):
    def judge(self, *frames):
        return verdict.of_events(crash(list(frames)), TRUE)

    def test_all_of_them(self):
        self.assertEqual(self.judge(*TRUE), "complete")

    def test_none_of_them(self):
        self.assertEqual(self.judge(), "missing")
        self.assertEqual(self.judge({"unreadable": "0x0"}), "missing")

    def test_a_gap_is_marked(self):
        gap = {"unreadable": "0x0"}
        for frames in ([TRUE[0], gap], [gap, TRUE[2]], [TRUE[0], gap, TRUE[2]], [gap, *TRUE], [*TRUE, gap]):
            self.assertEqual(self.judge(*frames), "partial")

    def test_a_gap_that_is_not_marked_is_wrong(self):
        self.assertEqual(self.judge(TRUE[0], TRUE[2]), "wrong")
        self.assertEqual(self.judge(*TRUE[:2]), "wrong")

    def test_a_frame_that_was_not_there_is_wrong(self):
        other = {"file": "a.py", "line": 9, "function": "other", "code": "0x9"}
        self.assertEqual(self.judge(*TRUE, other), "wrong")
        self.assertEqual(self.judge(TRUE[0], {"unreadable": "0x0"}, other), "wrong")

    def test_a_name_that_was_overwritten(self):
        damaged = {**TRUE[1], "function": "rum"}
        self.assertEqual(self.judge(TRUE[0], damaged, TRUE[2]), "altered")
        self.assertEqual(self.judge(TRUE[0], {**damaged, "overwritten": ["function"]}, TRUE[2]), "partial")
        self.assertEqual(self.judge(TRUE[0], {**damaged, "overwritten": ["file", "function"]}, TRUE[2]), "partial")


def native(function, offset, trust="cfi", module="/lib/a.so"):
    return {"kind": "native", "module": module, "offset": offset, "function": function, "trust": trust,
            "inlined": False, "address": "0x7f" + offset[2:]}


def python(frame):
    return {"kind": "python", "frame": frame}


STACK = [native("fault", "0x1", "context"), python(0), native("eval", "0x2"), native("call", "0x3"), python(1),
         python(2), native("eval", "0x2"), native("_start", "0x4")]


class NativeFrames(unittest.TestCase):
    true = list(verdict.merged_stack(crash(stack=STACK)[1]["threads"][0]))

    def judge(self, stack, **native):
        return verdict.of_native(crash(stack=stack, **native), self.true)

    def test_all_of_them(self):
        self.assertEqual(self.judge(STACK), "complete")

    def test_none_of_them(self):
        self.assertEqual(self.judge(None), "missing")
        self.assertEqual(self.judge([python(0)], complete=False), "missing")

    def test_a_part_of_them_that_says_so(self):
        self.assertEqual(self.judge(STACK[:3], complete=False), "partial")
        self.assertEqual(self.judge(STACK[:3]), "wrong")

    def test_a_frame_without_a_name_is_one(self):
        self.assertEqual(self.judge([{**entry, "function": None} for entry in STACK], complete=False), "complete")

    def test_another_function_is_wrong(self):
        for other in (native("other", "0x9"), native("other", "0x3"), native("call", "0x9"),
                      native("call", "0x3", "cfi", "/lib/b.so")):
            self.assertEqual(self.judge(STACK[:3] + [other], complete=False), "wrong")

    def test_what_a_search_has_found_is_doubted(self):
        found = [native("stale", "0x8", "scan"), native("stale too", "0x9")]
        self.assertEqual(self.judge(STACK[:3] + found + STACK[4:], complete=False), "doubted")
        self.assertEqual(self.judge(STACK[:3] + found + STACK[4:7] + found[1:], complete=False), "wrong")

    def test_what_a_search_has_found_may_look_like_a_frame_further_out(self):
        further_out = {**STACK[6], "trust": "scan"}
        self.assertEqual(self.judge([further_out, native("stale", "0x9"), *STACK[2:]], complete=False), "doubted")

    def test_python_frames_within_what_a_search_has_found_must_follow_each_other_all_the_same(self):
        found = [native("stale", "0x8", "scan"), python(1), native("stale too", "0x9"), python(2)]
        self.assertEqual(self.judge(STACK[:3] + found + STACK[6:], complete=False), "doubted")
        found[1], found[3] = found[3], found[1]
        self.assertEqual(self.judge(STACK[:3] + found + STACK[6:], complete=False), "wrong")

    def test_a_return_address_that_was_planted_is_doubted(self):
        stack = STACK[:3] + [native("other", "0x8"), native("another", "0x9")] + STACK[4:]
        self.assertEqual(verdict.of_native(crash(stack=stack), self.true, {"0x7f8"}), "doubted")
        self.assertEqual(verdict.of_native(crash(stack=stack), self.true, {"0x7f9"}), "wrong")

    def test_a_python_frame_in_another_place_is_wrong(self):
        moved = [*STACK[:4], python(2), python(1), *STACK[6:]]
        self.assertEqual(self.judge(moved, complete=False), "wrong")

    def test_python_frames_without_a_place_stand_apart(self):
        apart = [python(0), python(1), python(2), *(entry for entry in STACK if entry["kind"] == "native")]
        self.assertEqual(self.judge(apart, complete=False, merged_by="none"), "complete")
        some_apart = [*STACK[:4], native("_start", "0x4"), python(1), python(2)]
        self.assertEqual(self.judge(some_apart, complete=False), "partial")


if __name__ == "__main__":
    unittest.main()
