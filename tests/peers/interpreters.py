"""Finds interpreters in the same places as the C++ tests (tests/support/interpreter.cc)."""
import dataclasses
import glob
import os
import shutil
import subprocess

PORTRAIT = """
import sys, sysconfig
free_threaded = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
print(sys.executable, "%d.%d.%d" % sys.version_info[:3] + free_threaded, sep="\\t")
sys.exit(sys.implementation.name != "cpython" or sys.version_info < (3, 8))
"""


@dataclasses.dataclass(frozen=True)
class Interpreter:
    path: str
    label: str  # its version, "3.13.0t"; with "_2" for the second one of that version

    def version(self):
        return [int(part) for part in self.label.partition("_")[0].rstrip("t").split(".")]


def candidates():
    yield shutil.which("python3")
    yield from glob.glob("/usr/bin/python3.*[0-9]")
    yield from sorted(glob.glob(os.path.expanduser("~/.pyenv/versions/*/bin/python3")))
    yield from os.environ.get("PYFAULT_TEST_PYTHONS", "").split(":")


def portrait(path):
    """Returns (path, version) if this is a CPython that we support, otherwise None."""
    try:
        asked = subprocess.run([path, "-I", "-S", "-c", PORTRAIT], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               universal_newlines=True)
    except OSError:
        return None
    return asked.stdout.rstrip("\n").split("\t") if asked.returncode == 0 else None


def find(paths=None):
    """Returns each interpreter once, oldest version first; without `paths`, all that are found."""
    found = {}
    for path in filter(None, paths or candidates()):
        described = portrait(path)
        if described:
            found.setdefault(os.path.realpath(described[0]), described)
        elif paths:
            raise SystemExit(f"{path} is not a CPython 3.8 or later")
    labels = []
    interpreters = []
    for path, version in found.values():
        labels.append(version)
        number = labels.count(version)
        interpreters.append(Interpreter(path, version if number == 1 else f"{version}_{number}"))
    return sorted(interpreters, key=Interpreter.version)
