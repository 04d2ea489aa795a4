"""concurrent.futures: a broken pool says why it broke."""
import unittest

from program import CRASH, ProgramTest

BROKEN = """
import concurrent.futures, multiprocessing, os, signal, sys
import pyfault.hooks.futures

def kill(): os.kill(os.getpid(), signal.SIGKILL)

def executor_of(method):
    return concurrent.futures.ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(method))

def show_cause(function, method):
    with executor_of(method) as executor:
        try:
            executor.submit(function).result(60)
        except concurrent.futures.process.BrokenProcessPool as error:
            cause = error.__cause__
            print(type(cause).__name__)
            if isinstance(cause, pyfault.RemoteCrash):
                print(cause.exitcode, cause.crash and cause.crash.process.pid == cause.pid)
                print(cause)

if __name__ == "__main__":
    pyfault.hooks.futures.install()
    {body}
"""


class FuturesTest(ProgramTest):
    def run_broken(self, body):
        return self.run_program(BROKEN.format(body=body))

    def test_the_cause_is_the_crash_of_the_child(self):
        for method in ("fork", "spawn", "forkserver"):
            with self.subTest(method):
                said = self.run_broken(f"show_cause(crash_here, '{method}')")
                self.assertTrue(said.startswith("RemoteCrash\n-11 True\n"), said)
                self.assertRegex(said, "process [0-9]+ was killed by SIGSEGV")
                self.assertRegex(said, 'program.py", line [0-9]+, in crash_here')

    def test_what_is_submitted_to_a_broken_pool_has_the_same_cause(self):
        for method in ("fork", "spawn"):
            with self.subTest(method):
                said = self.run_broken(f"""
    with executor_of('{method}') as executor:
        first = executor.submit(crash_here).exception(60)
        for late in (executor.submit, lambda function: executor.map(function, [1])):
            try: late(print)
            except concurrent.futures.process.BrokenProcessPool as later:
                print(first.__cause__ is later.__cause__, type(later.__cause__).__name__)""")
                self.assertEqual(said, 2 * "True RemoteCrash\n")

    def test_the_cause_says_how_a_child_ended_that_did_not_crash(self):
        said = self.run_broken("show_cause(kill, 'fork')")
        self.assertTrue(said.startswith("RemoteCrash\n-9 None\n"), said)
        self.assertRegex(said, "process [0-9]+ was killed by SIGKILL$")

    def test_a_pool_breaks_even_if_the_cause_is_unknown(self):
        said = self.run_broken("""
    def fail(*_): raise ValueError
    pyfault.hooks._children.last_crashes = fail
    show_cause(crash_here, 'fork')""")
        self.assertIn(said, ("NoneType\n", "_RemoteTraceback\n"))  # the latter from 3.15 on

    def test_a_program_that_enables_pyfault_itself_learns_why(self):
        self.write("program.py", CRASH + """
import os, pyfault
pyfault.enable()
child = os.fork()
if child == 0: crash_here()
os.waitpid(child, 0)
print(pyfault.last_crash(child))
""")
        ended = self.run_words("program.py")
        self.assertRegex(ended.stdout, 'program.py", line [0-9]+, in crash_here', ended)

    def test_installed_twice_it_can_be_undone(self):
        said = self.run_broken("""
    pyfault.hooks.futures.install()
    pyfault.hooks.futures.uninstall()
    show_cause(crash_here, 'fork')""")
        self.assertIn(said, ("NoneType\n", "_RemoteTraceback\n"))  # the latter from 3.15 on


if __name__ == "__main__":
    unittest.main()
