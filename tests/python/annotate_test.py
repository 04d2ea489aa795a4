"""What annotate() says is in the report of a crash, as long as it holds."""
import os
import unittest

from program import CRASH, ProgramTest


class AnnotateTest(ProgramTest):
    def run_annotating(self, source):
        return self.run_words("-m", "pyfault", self.write("program.py", CRASH + "import pyfault, threading\n" + source
                                                          + "\ncrash_here()\n"))

    def annotations_after(self, source):
        crash, = self.run_annotating(source).crashes()
        return crash["annotations"]

    def test_values_are_text_and_the_last_one_counts(self):
        self.assertEqual(self.annotations_after("pyfault.annotate(task='a', id=7); pyfault.annotate(task='b')"),
                         {"id": "7", "task": "b"})

    def test_none_removes_one(self):
        self.assertEqual(self.annotations_after("pyfault.annotate(task='a'); pyfault.annotate(task=None)"), {})

    def test_a_block_holds_until_it_ends(self):
        source = """
pyfault.annotate(task="outside")
with pyfault.annotate(task="inside", id=7):
    with pyfault.annotate(task="deeper"):
        pass
    crash_here()
"""
        self.assertEqual(self.annotations_after(source), {"task": "inside", "id": "7"})

    def test_after_the_block_stands_what_stood_before(self):
        source = """
pyfault.annotate(task="outside")
with pyfault.annotate(task="inside", id=7):
    pass
"""
        self.assertEqual(self.annotations_after(source), {"task": "outside"})

    def test_a_block_holds_for_its_thread_only(self):
        source = """
entered, done = threading.Event(), threading.Event()
def other():
    with pyfault.annotate(task="other"):
        entered.set()
        done.wait()
threading.Thread(target=other, daemon=True).start()
entered.wait()
"""
        self.assertEqual(self.annotations_after(source), {})

    def test_a_killed_process_leaves_what_its_threads_have_said(self):
        ended = self.run_annotating("""
import os, signal
def holds(task):
    with pyfault.annotate(task=task):
        barrier.wait()
        threading.Event().wait()

barrier = threading.Barrier(3)
for task in ("resize", "upload"):
    threading.Thread(target=holds, args=(task,), daemon=True).start()
barrier.wait()
with pyfault.annotate(request="GET /"):
    os.kill(os.getpid(), signal.SIGKILL)
""")
        exit, = (event for event in ended.events if event["event"] == "exit")
        self.assertEqual(exit["annotations"]["request"], "GET /")
        self.assertIn(exit["annotations"]["task"], ("2 open: resize; upload", "2 open: upload; resize"))

    def test_blocks_may_end_in_another_order_than_they_began(self):
        for first, second in (("a", "b"), ("same", "same")):
            begun = f"""
pyfault.annotate(task="outside")
first, second = pyfault.annotate(task="{first}"), pyfault.annotate(task="{second}")
first.__enter__()
second.__enter__()
first.__exit__(None, None, None)
"""
            self.assertEqual(self.annotations_after(begun), {"task": second})
            os.unlink(self.log)
            self.assertEqual(self.annotations_after(begun + "second.__exit__(None, None, None)"), {"task": "outside"})
            os.unlink(self.log)

    def test_a_block_may_be_entered_within_itself(self):
        begun = "block = pyfault.annotate(task='a')\nwith block:\n    with block: pass\n"
        self.assertEqual(self.annotations_after(begun + "    crash_here()"), {"task": "a"})
        os.unlink(self.log)
        self.assertEqual(self.annotations_after(begun), {})

    def test_a_forked_child_is_in_the_block_of_its_parent_until_it_leaves_it(self):
        forked = """
import os
entered = threading.Event()
def other():
    with pyfault.annotate(task="other"):
        entered.set()
        threading.Event().wait()
threading.Thread(target=other, daemon=True).start()
entered.wait()
with pyfault.annotate(task="inside"):
    child = os.fork()
    if child == 0 and %s: crash_here()
if child == 0: crash_here()
os.waitpid(child, 0)
os._exit(0)
"""
        self.assertEqual(self.annotations_after(forked % True), {"task": "inside"})
        os.unlink(self.log)
        self.assertEqual(self.annotations_after(forked % False), {})

    def test_two_threads_may_begin_blocks_at_once(self):
        self.assertNotIn("task", self.annotations_for_all(self.both("first", "second")))

    def test_also_if_the_second_one_is_faster(self):
        self.assertNotIn("task", self.annotations_for_all(self.both("second", "first")))

    def both(self, *order):
        return """
first = pyfault.annotate(task="first")
second = pyfault.annotate(task="second")
%s.__enter__()
%s.__enter__()
second.__exit__(None, None, None)
first.__exit__(None, None, None)
""" % order

    def annotations_for_all(self, source):
        """A thread that has annotated nothing itself."""
        return self.annotations_after(source + """
thread = threading.Thread(target=crash_here)
thread.start()
thread.join()
""")

    def test_numbers_are_what_str_makes_of_them(self):
        source = """
import enum, sys
class Level(enum.IntEnum):
    HIGH = 3
numbers = [0, -7, sys.maxsize, -sys.maxsize - 1, sys.maxsize + 1, -10**30, True, 1.5, Level.HIGH]
pyfault.annotate(**{"key%d" % place: number for place, number in enumerate(numbers)})
print(*numbers, sep=",")
"""
        ended = self.run_annotating(source)
        annotations = ended.crashes()[0]["annotations"]
        self.assertEqual([annotations[f"key{place}"] for place in range(9)], ended.stdout.strip().split(","))

    def test_any_number_of_keys(self):
        source = """
names = {"key%d" % number: number for number in range(20)}
pyfault.annotate(key3="before")
with pyfault.annotate(**names):
    pass
pyfault.annotate(**names)
pyfault.annotate(**dict.fromkeys(list(names)[5:]))
"""
        self.assertEqual(self.annotations_after(source), {f"key{number}": str(number) for number in range(5)})

    def test_references_stay_as_they_are(self):
        self.assertEqual("fine\n", self.run_program("""
import pyfault, sys
class Unspeakable:
    def __str__(self):
        pyfault.annotate(nested=value)
        raise ValueError
value, unspeakable = "resize %d" % len(sys.argv), Unspeakable()
def counts_after():
    for _ in range(100):
        pyfault.annotate(task=value)
        pyfault.annotate(a=value, b=value, c=value, d=value, e=value)
        with pyfault.annotate(task=value), pyfault.annotate(task="other", id=value):
            pass
        try:
            pyfault.annotate(task=value, id=unspeakable)
        except ValueError:
            pass
    pyfault.annotate(task=None, nested=None, a=None, b=None, c=None, d=None, e=None)
    return sys.getrefcount(value), sys.getrefcount(unspeakable), sys.getrefcount(type(pyfault.annotate()))
first = counts_after()
print("fine" if counts_after() == first else "lost")
"""))

    def test_positional_arguments_are_refused(self):
        self.assertIn("keyword arguments only", self.run_program("""
import pyfault
try:
    pyfault.annotate("task")
except TypeError as error:
    print(error)
"""))


if __name__ == "__main__":
    unittest.main()
