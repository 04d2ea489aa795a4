"""What pip calls to build the package from a checkout (PEP 517): CMake builds it all.

pip install --config-settings build-dir=build ./agent/python goes on in a build folder that is there
already. It is relative to the checkout, not to this folder, in which pip calls what is here.
"""
from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from typing import Dict, List, Optional

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

Settings = Optional[Dict[str, str]]


def _configure(build: str) -> None:
    words = ["cmake", "-S", ROOT, "-B", build, "-DCMAKE_BUILD_TYPE=Release", "-DPYFAULT_TESTS=OFF",
             f"-DPython3_EXECUTABLE={sys.executable}"]
    include = sysconfig.get_path("include")
    if os.path.exists(os.path.join(include, "Python.h")):
        words.append(f"-DPYFAULT_PYTHON_INCLUDE={include}")
    if shutil.which("ninja"):
        words += ["-G", "Ninja"]
    subprocess.run(words, check=True)


def _make(build: str, wheel_directory: str) -> str:
    subprocess.run(["cmake", "--build", build, "--target", "wheel", "--parallel"], check=True)
    (wheel,) = glob.glob(os.path.join(glob.escape(build), "dist", "pyfault-*.whl"))
    shutil.copy(wheel, wheel_directory)
    return os.path.basename(wheel)


def build_wheel(
    wheel_directory: str, config_settings: Settings = None, metadata_directory: Optional[str] = None
) -> str:
    """Returns the name of the wheel that it has put into `wheel_directory`."""
    if not os.path.exists(os.path.join(ROOT, "agent", "python", "build_backend.py")):
        sys.exit("pyfault is built in its checkout, and pip before 21.3 copies this folder out of it: "
                 "use a later pip, or install the wheel that the CMake target wheel makes")
    if not shutil.which("cmake"):
        sys.exit("pyfault is built by CMake, which is not on PATH; tests/install-dependencies "
                 "--build-only installs what a build needs")
    given = (config_settings or {}).get("build-dir")
    build = os.path.join(ROOT, given) if given else None
    if build and os.path.exists(os.path.join(build, "CMakeCache.txt")):
        return _make(build, wheel_directory)
    with tempfile.TemporaryDirectory() as scratch:
        _configure(build or scratch)
        return _make(build or scratch, wheel_directory)


def build_sdist(sdist_directory: str, config_settings: Settings = None) -> str:
    """Refuses: this folder is built from the whole tree of pyfault-watchdog."""
    sys.exit("pyfault has no source distribution, for it is built from the whole tree of "
             "pyfault-watchdog: build a wheel from a checkout")


def get_requires_for_build_wheel(config_settings: Settings = None) -> List[str]:
    """Nothing from PyPI."""
    return []
