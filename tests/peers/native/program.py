"""One program of programs/, headed by what must be seen when it dies.

Signal       how it dies
Needs        a module that it imports, and that an interpreter may lack
Builds       a source in programs/ that it takes: of C, C++, or Cython (.pyx)
Stack        the faulting thread, innermost first, joined by <-: `(name)` is a Python function, `...` any number of
             them, `name` a native function, `@module` any native function of the module whose file's name begins so
             (perhaps behind "lib"). All Python functions must be named; other native functions may lie between.
             Stack@3.12 is for 3.12 and later.
"""
import os
import re
import shutil
import subprocess

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs")
HEAD = re.compile(r"# (\w+)(?:@(\d+)\.(\d+))?: (.*)")
INCLUDES = "import sysconfig; print(*{sysconfig.get_path(which) for which in ('include', 'platinclude')}, sep='\\n')"
COMPILERS = {".c": ["cc"], ".cc": ["c++", "-std=c++17"]}
FLAGS = ["-shared", "-fPIC", "-O1", "-g", "-Wall", "-pthread"]


class Lacking(Exception):
    """The interpreter, or the machine, has not what the program takes."""


class Program:
    def __init__(self, name):
        self.name = name
        self.path = os.path.join(HERE, name + ".py")
        with open(self.path, encoding="utf-8") as file:
            self._heads = [match.groups() for match in map(HEAD.match, file) if match]

    def head(self, key, version=(3, 8)):
        """What stands behind a key: for the latest version that is not later than this one."""
        fitting = [(int(major or 0), int(minor or 0), text) for name, major, minor, text in self._heads
                   if name == key and (int(major or 0), int(minor or 0)) <= tuple(version[:2])]
        return max(fitting)[2] if fitting else None

    def prepare(self, python, folder):
        """Builds what the program takes into the folder; raises Lacking with the reason if that can't be."""
        module, source = self.head("Needs"), self.head("Builds")
        if module:
            require(python, module)
        if source:
            build(python, source, folder)


def names():
    return sorted(name[:-3] for name in os.listdir(HERE) if name.endswith(".py"))


def last_line(text):
    lines = text.strip().splitlines()
    return next((line for line in lines if "error" in line.lower()), lines[-1] if lines else "")


def require(python, module):
    tried = subprocess.run([python, "-c", f"import {module}"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.PIPE, universal_newlines=True)
    if tried.returncode != 0:
        raise Lacking(f"no {module}: {last_line(tried.stderr)}")


def build(python, source, folder):
    name, kind = os.path.splitext(source)
    path = os.path.join(HERE, source)
    if kind == ".pyx":
        path = from_cython(path, os.path.join(folder, name + ".c"))
    target = os.path.join(folder, name + ".so")
    if not os.path.exists(target):
        compile_source(path, target, include_options(python))


def from_cython(source, target):
    compiler = shutil.which("cython3") or shutil.which("cython")
    if not compiler:
        raise Lacking("no cython3")
    if not os.path.exists(target):
        subprocess.run([compiler, "-3", source, "-o", target], check=True)
    return target


def include_options(python):
    said = subprocess.run([python, "-c", INCLUDES], check=True, stdout=subprocess.PIPE, universal_newlines=True)
    folders = said.stdout.splitlines()
    if not any(os.path.exists(os.path.join(folder, "Python.h")) for folder in folders):
        raise Lacking(f"no Python.h in {folders[0]}")
    # Debian's pyconfig.h includes another one, which lies beside the folder.
    return [*(f"-I{folder}" for folder in folders), *(f"-idirafter{os.path.dirname(folder)}" for folder in folders)]


def compile_source(source, target, options):
    command = [*COMPILERS[os.path.splitext(source)[1]], *FLAGS, *options, source, "-o", target]
    tried = subprocess.run(command, stderr=subprocess.PIPE, universal_newlines=True)
    if tried.returncode != 0:
        raise Lacking(f"{os.path.basename(source)} does not compile: {last_line(tried.stderr)}")
