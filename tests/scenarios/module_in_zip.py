# The program is a zip file (zipapp, pex, shiv): the source lines of its modules must be read from it.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: crash <- <module> <- ...
# Source: ctypes.memset(0, 1, 1)
# Threads: 1
# Faulthandler: differs, the option is not handed on
import os
import sys
import zipfile

MODULE = """\
import ctypes


def crash():
    ctypes.memset(0, 1, 1)


crash()
"""

with zipfile.ZipFile("app.pyz", "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("__main__.py", "import package.module\n")
    archive.writestr("package/__init__.py", "")
    archive.writestr("package/module.py", MODULE)
os.execv(sys.executable, [sys.executable, "app.pyz"])
