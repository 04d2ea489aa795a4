"""pyfault.enable() where a program is not simply a script: embedded, in an archive, without stderr."""
import os
import shutil
import subprocess
import sys
import sysconfig
import unittest
import zipapp

import pyfault

from program import CRASH, ProgramTest

COMPILER = shutil.which("cc")

ENABLES_AND_CRASHES = CRASH + """
import pyfault
pyfault.enable()
crash_here()
"""

LINKED = """
int Py_BytesMain(int count, char** words);
int main(int count, char** words) { return Py_BytesMain(count, words); }
"""

# As a plug-in's host does: program SCOPE LIBPYTHON WORDS...
LOADED = """
#include <dlfcn.h>
int main(int count, char** words) {
  void* python = dlopen(words[2], RTLD_NOW | (words[1][0] == 'g' ? RTLD_GLOBAL : RTLD_LOCAL));
  int (*run)(int, char**) = python ? (int (*)(int, char**))dlsym(python, "Py_BytesMain") : 0;
  return run ? run(count - 2, words + 2) : 2;
}
"""


def libpython():
    """The interpreter's shared library, or None."""
    path = os.path.join(sysconfig.get_config_var("LIBDIR") or "", sysconfig.get_config_var("INSTSONAME") or "")
    return path if ".so" in os.path.basename(path) and os.path.exists(path) else None


class PlacesTest(ProgramTest):
    def assert_crash_here(self, ended):
        crash, = ended.crashes()
        self.assertIn("crash_here", [frame.get("function") for frame in crash["threads"][0]["frames"]], ended)


@unittest.skipUnless(COMPILER and libpython(), "needs a compiler, and an interpreter with a shared library")
class EmbeddedTest(PlacesTest):
    def setUp(self):
        super().setUp()
        self.write("program.py", ENABLES_AND_CRASHES)

    def compiled(self, source, *options):
        subprocess.run([COMPILER, self.write("host.c", source), "-o", self.path("host"), *options], check=True)
        return self.path("host")

    def test_a_program_that_is_linked_with_the_library(self):
        host = self.compiled(LINKED, libpython(), "-Wl,-rpath," + os.path.dirname(libpython()))
        self.assert_crash_here(self.run_words("program.py", program=host))

    def test_a_program_that_loads_the_library(self):
        host = self.compiled(LOADED, "-ldl")
        self.assert_crash_here(self.run_words("global", libpython(), "program.py", program=host))

    def test_a_library_that_is_loaded_with_rtld_local_can_import_no_extension(self):
        """As CPython's own; only the agent that was preloaded is there."""
        host = self.compiled(LOADED, "-ldl")
        ended = self.run_words("local", libpython(), "program.py", program=host)
        self.assertIn("undefined symbol: Py", ended.stderr, ended)


class ArchiveTest(PlacesTest):
    def archive(self, *packages):
        """A program in an archive with these packages."""
        folder = self.path("archived")
        os.mkdir(folder)
        self.write(os.path.join("archived", "__main__.py"), ENABLES_AND_CRASHES)
        for package in packages:
            shutil.copytree(package, os.path.join(folder, os.path.basename(package)))
        zipapp.create_archive(folder, self.path("program.pyz"))
        return self.path("program.pyz")

    def test_a_program_in_an_archive(self):
        self.assert_crash_here(self.run_words(self.archive()))

    def test_the_package_itself_in_an_archive_says_what_it_needs(self):
        ended = self.run_words(self.archive(os.path.dirname(pyfault.__file__)))
        self.assertIn("must be files in a folder", ended.stderr, ended)


class DescriptorsTest(PlacesTest):
    def test_a_process_without_any_descriptor(self):
        self.write("program.py", "import os\nos.closerange(0, 1000)\n" + ENABLES_AND_CRASHES)
        self.assert_crash_here(self.run_words("program.py"))

    def test_a_program_that_reads_its_own_stderr_learns_that_the_report_gets_lost(self):
        del self.environment["PYFAULT_LOG"]
        self.write("program.py", """
import os, pyfault
reader, writer = os.pipe()
os.dup2(writer, 2)
pyfault.enable()
print(*pyfault.status().missing)
""")
        self.assertIn("the report of its end gets lost", self.run_words("program.py").stdout)


if __name__ == "__main__":
    unittest.main()
