"""Programs that the tests write, run under watch, and look at."""
import ctypes
import json
import os
import subprocess
import sys
import tempfile
import textwrap
import unittest

# The machine may be busy.
SECONDS = 120
PR_SET_CHILD_SUBREAPER = 36  # <sys/prctl.h>

# Crashes with itself as the innermost frame of Python that is not in ctypes.
CRASH = """
import ctypes
def crash_here(*_):
    ctypes.string_at(0)
"""


def has(module):
    """Whether this interpreter has the module."""
    return subprocess.run([sys.executable, "-c", f"import {module}"], stderr=subprocess.DEVNULL).returncode == 0


def adopt_orphans():
    """From now on, processes that their parents leave behind become children of this one."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def wait_for_orphans():
    try:
        while True:
            os.wait()
    except ChildProcessError:
        pass


class Ended:
    """A program that has ended: what it said, and what the watchdog logged of it."""

    def __init__(self, status, stdout, stderr, events):
        self.status = status
        self.stdout = stdout
        self.stderr = stderr
        self.events = events

    def crashes(self):
        return [event for event in self.events if event["event"] == "crash"]

    def __str__(self):
        kinds = [event["message"] for event in self.events]
        return f"status {self.status}\n-- stdout --\n{self.stdout}\n-- stderr --\n{self.stderr}\n-- log --\n{kinds}"


class ProgramTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="pyfault-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.log = self.path("log.json")
        adopt_orphans()
        # Unbuffered: what a program has printed is there when it dies, and no forked child prints it again.
        self.environment = dict(os.environ, PYFAULT_LOG=self.log, PYFAULT_LOG_FORMAT="json", PYTHONUNBUFFERED="1")

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, source):
        with open(self.path(name), "w") as file:
            file.write(textwrap.dedent(source))
        return self.path(name)

    def run_words(self, *words, program=sys.executable):
        """Runs `python WORDS`, and waits for the watchdog too, which ends when it has written its log."""
        ran = subprocess.run([program, *words], cwd=self.folder, env=self.environment, timeout=SECONDS,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             universal_newlines=True)
        wait_for_orphans()
        return Ended(ran.returncode, ran.stdout, ran.stderr, self.events())

    def run_program(self, source):
        """Runs a program with `python -m pyfault`, which must end in peace; returns its output."""
        ended = self.run_words("-m", "pyfault", self.write("program.py", CRASH + textwrap.dedent(source)))
        self.assertEqual(ended.status, 0, ended)
        return ended.stdout

    def events(self):
        try:
            with open(self.log) as log:
                return [json.loads(line) for line in log]
        except FileNotFoundError:
            return []
