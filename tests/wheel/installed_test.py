#!/usr/bin/env python3
"""The wheel, installed from the file alone into a fresh environment of each interpreter, does what it is for.

usage: installed_test.py BUILD_FOLDER

Interpreters are those that BUILD_FOLDER/bin/list_interpreters selects. Free-threaded ones have no stable ABI and take no
such wheel.
"""
import os
import subprocess
import sys
import tempfile
import unittest

import built_wheel

CRASH = "import ctypes; ctypes.string_at(0)"
REPORT = "crashed: SIGSEGV"
CONFIGURATION = """\
[[worker]]
name = "web"
command = ["true"]
user = "nobody-of-that-name"
"""


def interpreters(build):
    """Returns labels and paths."""
    lines = subprocess.run([os.path.join(build, "bin", "list_interpreters")], check=True, capture_output=True,
                           text=True).stdout.splitlines()
    fields = [line.split("\t") for line in lines]
    return [(label, path) for label, path, state in fields if state == "chosen" and not label.endswith("t")]


def remove_links_into(folder):
    """Removes root's links to agents in `folder`; other programs may need the others."""
    links = "/run/pyfault-watchdog-agent"
    for name in os.listdir(links) if os.path.isdir(links) else []:
        link = os.path.join(links, name)
        if os.path.islink(link) and os.readlink(link).startswith(folder):
            os.remove(link)


class Installed(unittest.TestCase):
    """One interpreter; a subclass for each."""

    python = ""
    # LD_PRELOAD cannot name a path with a space.
    folder = "an environment"

    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        cls.addClassCleanup(remove_links_into, scratch.name)
        cls.bin = os.path.join(scratch.name, cls.folder, "bin")
        cls.scratch = scratch.name
        cls.home = os.path.join(scratch.name, "home")  # where links to agents are, but for root's
        os.mkdir(cls.home)
        subprocess.run([cls.python, "-m", "venv", os.path.dirname(cls.bin)], check=True)
        cls.pip("install", "--no-index", built_wheel.find(build))

    @classmethod
    def pip(cls, *words):
        subprocess.run([os.path.join(cls.bin, "python"), "-m", "pip", "-q", "--disable-pip-version-check", *words],
                       check=True)

    def run_program(self, program, *words, **variables):
        """Who asks for a format has a watchdog of its own, also where a service runs on this machine."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYFAULT"))}
        return subprocess.run([os.path.join(self.bin, program), *words], capture_output=True, text=True, timeout=120,
                              cwd=self.scratch, check=False,
                              env={**kept, "HOME": self.home, "PYFAULT_LOG_FORMAT": "text", **variables})

    def assert_reported(self, result):
        self.assertEqual(result.returncode, -11, result.stderr)
        self.assertIn(REPORT, result.stderr)
        self.assertIn("string_at", result.stderr)
        self.assertIn(" in libffi.so", result.stderr)  # the native stack: the symbolizer has been found

    def test_a_program_behind_dash_m_is_watched(self):
        self.assert_reported(self.run_program("python", "-m", "pyfault", "-c", CRASH))

    def test_a_program_that_enables_it_is_watched(self):
        self.assert_reported(self.run_program("python", "-c", "import pyfault; pyfault.enable(); " + CRASH))

    def test_every_program_is_watched_where_the_environment_says_so(self):
        self.assert_reported(self.run_program("python", "-c", CRASH, PYFAULT="1"))

    def test_a_program_that_does_not_ask_pays_nothing(self):
        result = self.run_program("python", "-c", "import sys; print(sorted(m for m in sys.modules if 'pyfault' in m))")
        self.assertEqual((result.stdout, result.stderr), ("[]\n", ""))

    def test_the_watchdog_is_a_command(self):
        self.assert_reported(self.run_program("pyfault-watchdog", "--exec", os.path.join(self.bin, "python"), "-c", CRASH))

    def test_the_command_says_that_crashes_will_be_reported(self):
        result = self.run_program("pyfault-watchdog", "--doctor", "--python", os.path.join(self.bin, "python"))
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_pyfaultctl_is_a_command(self):
        self.assertIn("pyfaultctl", self.run_program("pyfaultctl", "--version").stdout)

    def test_a_user_who_is_not_found_was_sought_in_one_file(self):
        file = os.path.join(self.scratch, "service.toml")
        with open(file, "w", encoding="utf-8") as configuration:
            configuration.write(CONFIGURATION)
        self.assertIn("in /etc/passwd; this build of pyfault-watchdog is linked statically",
                      self.run_program("pyfaultctl", "check-config", file).stderr)


def cases():
    for label, python in interpreters(build):
        yield type(f"Python_{label}", (Installed,), {"python": python})


def load_tests(loader, _tests, _pattern):
    return unittest.TestSuite(loader.loadTestsFromTestCase(case) for case in cases())


if __name__ == "__main__":
    build = sys.argv.pop(1)
    unittest.main()
