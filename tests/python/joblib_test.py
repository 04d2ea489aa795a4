"""joblib: TerminatedWorkerError says why the worker died."""
import unittest

from program import ProgramTest, has


@unittest.skipUnless(has("joblib"), "needs a joblib for this interpreter")
class JoblibTest(ProgramTest):
    def test_the_cause_is_the_crash_of_the_worker(self):
        said = self.run_program("""
import joblib, pyfault.hooks.joblib
from joblib.externals.loky.process_executor import TerminatedWorkerError
if __name__ == "__main__":
    pyfault.hooks.joblib.install()
    pyfault.hooks.joblib.install()
    try:
        joblib.Parallel(2)(joblib.delayed(crash_here)() for _ in range(2))
    except TerminatedWorkerError as error:
        print(type(error.__cause__).__name__, error.__cause__.exitcode)
        print(error.__cause__)
""")
        self.assertTrue(said.startswith("RemoteCrash -11\n"), said)
        self.assertRegex(said, 'program.py", line [0-9]+, in crash_here')

    def test_the_error_is_raised_even_if_the_cause_is_unknown(self):
        self.assertEqual("None\n", self.run_program("""
import joblib, pyfault.hooks.joblib
from joblib.externals.loky.process_executor import TerminatedWorkerError
def fail(*_): raise ValueError
if __name__ == "__main__":
    pyfault.hooks.joblib.install()
    pyfault.hooks._children.last_crashes = fail
    try:
        joblib.Parallel(2)(joblib.delayed(crash_here)() for _ in range(2))
    except TerminatedWorkerError as error:
        print(error.__cause__)
"""))

    def test_it_can_be_undone(self):
        said = self.run_program("""
import joblib.externals.loky.process_executor as loky, pyfault.hooks.joblib
before = loky._ExecutorManagerThread.terminate_broken
pyfault.hooks.joblib.install()
pyfault.hooks.joblib.uninstall()
print(loky._ExecutorManagerThread.terminate_broken is before)
""")
        self.assertEqual(said, "True\n")


if __name__ == "__main__":
    unittest.main()
