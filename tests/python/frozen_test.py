"""A frozen program, made by CPython's own freeze.py with the code of pyfault in it, is watched."""
import glob
import os
import shutil
import subprocess
import sys
import sysconfig
import unittest

import pyfault

from program import CRASH, ProgramTest

PACKAGE = os.path.dirname(pyfault.__file__)
BUILD = os.path.normpath(os.path.join(PACKAGE, "..", "..", ".."))
FREEZE = max(glob.glob("/usr/share/doc/python3.*/examples/freeze/freeze.py"), default=None)
# Not needed, and what is frozen takes long to compile. (site leads to many more.)
LEFT_OUT = ["asyncio", "difflib", "distutils", "doctest", "email", "encodings.idna", "http", "inspect", "logging",
            "multiprocessing", "pydoc", "site", "ssl", "tarfile", "test", "tkinter", "unittest", "urllib", "xml",
            "zipfile"]


def lacking():
    """What there is not for a program to be frozen, if anything."""
    if sys.version_info < (3, 11):
        return "CPython 3.11, for which Debian's freeze.py writes its tables"
    if not FREEZE:
        return "freeze.py (Debian's package python3.11-examples)"
    if not shutil.which("cc") or not shutil.which("make"):
        return "cc and make"
    if not os.path.exists(os.path.join(sysconfig.get_config_var("LIBPL"), "config.c.in")):
        return "what this interpreter was linked of (a package as Debian's libpython3.11-dev)"
    return None


@unittest.skipIf(lacking(), f"needs {lacking()}")
class FrozenTest(ProgramTest):
    def frozen(self, *left_out):
        """Returns the path of the frozen program, in a folder of its own."""
        self.write("program.py", CRASH + "import pyfault\npyfault.enable()\ncrash_here()\n")
        options = [word for module in (*LEFT_OUT, *left_out) for word in ("-x", module)]
        # Without site: freeze.py looks at all that can be imported, and gives up on a namespace package.
        self.run_tool(sys.executable, "-S", FREEZE, "-q", *options, "-o", "frozen", "program.py")
        self.run_tool("make", "-C", "frozen", "OPT=-O0", "LDLAST=-Wl,-rpath," + sysconfig.get_config_var("LIBDIR"))
        return self.path("frozen/program")

    def run_tool(self, *words):
        ran = subprocess.run(words, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(ran.returncode, 0, ran.stdout[-5000:])

    def put_files_beside(self, program):
        """Those that cannot be frozen: a wheel has them in the package too."""
        folder = os.path.join(os.path.dirname(program), "pyfault")
        os.mkdir(folder)
        shutil.copy(os.path.join(PACKAGE, "_pyfault.abi3.so"), folder)
        os.symlink(BUILD, os.path.join(folder, "_native"))

    def run_frozen(self, program):
        """Started by a link elsewhere, as programs often are."""
        os.symlink(program, self.path("link"))
        return self.run_words(program=self.path("link"))

    def assert_crash_here(self, ended):
        crash, = ended.crashes()
        self.assertIn("crash_here", [frame.get("function") for frame in crash["threads"][0]["frames"]], ended)

    def test_with_pyfault_in_the_program_and_its_files_beside_it(self):
        program = self.frozen()
        del self.environment["PYTHONPATH"]
        without = self.run_frozen(program)
        self.assertIn(f"no _pyfault that this interpreter can load in ['{self.path('frozen/pyfault')}']", without.stderr)
        os.unlink(self.path("link"))
        self.put_files_beside(program)
        self.assert_crash_here(self.run_frozen(program))

    def test_with_pyfault_as_files_on_the_path(self):
        self.assert_crash_here(self.run_frozen(self.frozen("pyfault")))


if __name__ == "__main__":
    unittest.main()
