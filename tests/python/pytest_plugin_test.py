"""The pytest plugin: reports in reports, and an end to tests that hang."""
import os
import subprocess
import sys
import tempfile
import unittest

from program import CRASH, ProgramTest, has

CHILD_CRASHES = CRASH + """
import os, subprocess, sys
def test_child():
    code = "import ctypes; ctypes.string_at(0)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
"""

FORKED_CHILD_CRASHES = CRASH + """
import os
def test_child():
    child = os.fork()
    if child == 0:
        crash_here()
    assert os.waitpid(child, 0)[1] == 0
"""

HANGS = """
import ctypes, time
def test_is_quick(): pass
def test_hangs_in_python(): time.sleep(600)
"""

CLEARS = """
import os
def test_clears(request):
    os.environ.clear()
    os.close(request.config.pluginmanager.getplugin("pyfault-run")._timer._pipe)
"""

HANGS_WITH_GIL = """
import ctypes
def test_holds_the_gil(): ctypes.PyDLL(None).sleep(600)
"""

HANGS_WITH_CHILD = """
import multiprocessing, time
def child_waits(): time.sleep(600)
def test_waits_for_child():
    child = multiprocessing.get_context("fork").Process(target=child_waits)
    child.start()
    child.join()
"""


def pytest_runs():
    """Whether this interpreter has a pytest that can run a test: some can be imported, but are too old for that."""
    with tempfile.TemporaryDirectory(prefix="pyfault-test-") as folder:
        with open(os.path.join(folder, "test_it.py"), "w") as file:
            file.write("def test_passes(): assert True\n")
        ran = subprocess.run([sys.executable, "-m", "pytest", "test_it.py"], cwd=folder, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    return ran.returncode == 0


PYTEST_RUNS = pytest_runs()


class PytestTest(ProgramTest):
    def run_pytest(self, source, *options, door=()):
        self.write("test_it.py", source)
        return self.run_words(*door, "-m", "pytest", "-p", "pyfault.pytest_plugin", "-p", "no:cacheprovider",
                              *options, "test_it.py")

    def functions(self, crash):
        return [frame.get("function") for frame in crash["threads"][0]["frames"]]


@unittest.skipUnless(PYTEST_RUNS, "needs a pytest for this interpreter")
class PytestPluginTest(PytestTest):
    def test_the_crash_of_a_child_is_a_section_of_the_failed_test(self):
        ended = self.run_pytest(CHILD_CRASHES, door=("-m", "pyfault"))
        self.assertEqual(ended.status, 1, ended)
        self.assertRegex(ended.stdout, "-+ pyfault crash -+\n.*crashed: SIGSEGV", ended)
        self.assertIn("1 failed", ended.stdout, ended)

    def test_so_is_that_of_a_child_that_is_forked(self):
        ended = self.run_pytest(FORKED_CHILD_CRASHES, "--pyfault")
        self.assertEqual(ended.status, 1, ended)
        self.assertEqual(ended.stdout.count(" pyfault crash "), 1, ended)
        self.assertRegex(ended.stdout, 'test_it.py", line [0-9]+, in crash_here', ended)

    def test_no_section_if_the_test_passes_or_another_one_had_the_crash(self):
        ended = self.run_pytest(FORKED_CHILD_CRASHES.replace("== 0\n", "!= 0\n") + "\ndef test_fails(): assert 0\n",
                                "--pyfault")
        self.assertIn("1 failed, 1 passed", ended.stdout, ended)
        self.assertNotIn(" pyfault crash ", ended.stdout, ended)

    def test_a_test_may_clear_what_the_run_has_set(self):
        ended = self.run_pytest(CLEARS, "--pyfault", "--pyfault-timeout", "600")
        self.assertEqual((ended.status, ended.stderr), (0, ""), ended)

    def test_the_report_of_the_run_itself_names_the_test(self):
        ended = self.run_pytest(CRASH + "\ndef test_crashes(): crash_here()\n", "--pyfault")
        self.assertEqual(ended.status, -11, ended)
        crash, = ended.crashes()
        self.assertIn("crash_here", self.functions(crash))
        self.assertEqual(crash["annotations"]["test"], "test_it.py::test_crashes")

    def test_a_hanging_test_is_named_and_the_run_ends_with_stacks(self):
        ended = self.run_pytest(HANGS, "--pyfault", "--pyfault-timeout", "3")
        self.assertIn("pyfault: test_it.py::test_hangs_in_python has taken longer than 3 s", ended.stderr, ended)
        self.assertEqual(ended.status, -6, ended)
        crash, = ended.crashes()
        self.assertIn("test_hangs_in_python", self.functions(crash))

    def test_a_test_that_holds_the_gil_ends_too(self):
        self.write("pytest.ini", "[pytest]\npyfault_timeout = 3\n")
        ended = self.run_pytest(HANGS_WITH_GIL, "--pyfault")
        self.assertIn("pyfault: test_it.py::test_holds_the_gil has taken longer than 3 s", ended.stderr, ended)
        crash, = ended.crashes()
        self.assertIn("test_holds_the_gil", self.functions(crash))

    def test_the_children_of_a_hanging_test_are_reported(self):
        ended = self.run_pytest(HANGS_WITH_CHILD, "--pyfault", "--pyfault-timeout", "3")
        functions = [self.functions(crash) for crash in ended.crashes()]
        self.assertEqual(len(functions), 2, ended)
        self.assertTrue(any("child_waits" in each for each in functions), functions)

    def test_a_run_that_is_not_watched_is_as_ever_but_for_the_timeout(self):
        ended = self.run_pytest(HANGS, "--pyfault-timeout", "3")
        self.assertIn("test_hangs_in_python has taken longer", ended.stderr, ended)
        self.assertEqual((ended.status, ended.events), (-6, []), ended)
        ended = self.run_pytest("def test_passes(): pass\ndef test_fails(): assert 0\n")
        self.assertIn("1 failed, 1 passed", ended.stdout, ended)
        self.assertEqual((ended.status, ended.stderr, ended.events), (1, "", []), ended)


@unittest.skipUnless(PYTEST_RUNS and has("xdist"), "needs pytest-xdist for this interpreter")
class XdistTest(PytestTest):
    def test_the_crash_of_a_worker_is_a_section_of_its_test(self):
        ended = self.run_pytest(CRASH + "\ndef test_passes(): pass\ndef test_crashes(): crash_here()\n",
                                "--pyfault", "-n", "1")
        self.assertEqual(ended.status, 1, ended)
        self.assertRegex(ended.stdout, "worker 'gw[01]' crashed while running 'test_it.py::test_crashes'", ended)
        self.assertRegex(ended.stdout, 'test_it.py", line [0-9]+, in crash_here', ended)
        self.assertEqual(ended.stdout.count(" pyfault crash "), 1, ended)

    def test_a_worker_that_hangs_is_ended_and_the_run_goes_on(self):
        ended = self.run_pytest(HANGS + "def test_last(): pass\n", "--pyfault", "--pyfault-timeout", "5", "-n", "1")
        self.assertEqual(ended.status, 1, ended)
        self.assertIn("1 failed, 2 passed", ended.stdout, ended)
        self.assertRegex(ended.stdout, "in test_hangs_in_python", ended)


if __name__ == "__main__":
    unittest.main()
