"""The ways in: python -m pyfault, PYFAULT=1 and enable(), also where something stands in their way."""
import os
import sys
import unittest

from program import CRASH, ProgramTest

WITHOUT_STREAMS = 'exec "$@" >&- 2>&-'

# What an installed wheel's pyfault.pth does. It is read from the source, for the build folder has none.
PTH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "agent", "python", "pyfault.pth")


class DoorTest(ProgramTest):
    def set_variable(self):
        """From now on, every Python that a test starts is as one with the wheel and PYFAULT=1."""
        with open(PTH) as pth:
            self.write("sitecustomize.py", pth.read())
        self.environment["PYTHONPATH"] = os.pathsep.join([self.folder, self.environment["PYTHONPATH"]])
        self.environment["PYFAULT"] = "1"

    def assert_one_crash(self, ended):
        self.assertEqual(len(ended.crashes()), 1, ended)


class ModuleTest(DoorTest):
    def run_without_streams(self, *words):
        return self.run_words("-c", WITHOUT_STREAMS, "sh", sys.executable, *words, program="/bin/sh")

    def test_a_program_without_stdout_and_stderr_runs(self):
        ended = self.run_without_streams("-m", "pyfault", self.write("program.py", CRASH + "crash_here()\n"))
        self.assertEqual(ended.status, -11, ended)
        self.assert_one_crash(ended)


class VariableTest(DoorTest):
    def setUp(self):
        super().setUp()
        self.set_variable()

    def test_what_cannot_be_said_without_stderr_is_no_reason_to_fail(self):
        self.environment["PYFAULT_LOG"] = "/nowhere/log"
        self.write("program.py", "import sys\nprint(type(sys.stderr))\n")
        ended = self.run_words("-c", 'exec "$@" 2>&-', "sh", sys.executable, "program.py", program="/bin/sh")
        self.assertEqual((ended.status, ended.stdout), (0, "<class 'NoneType'>\n"), ended)


if __name__ == "__main__":
    unittest.main()
