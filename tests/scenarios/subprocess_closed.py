# A Python that was started with all descriptors closed crashes: it must attach without inheriting any.
#
# Expect: SIGSEGV SEGV_MAPERR
# Process: child
# File: "<string>"
# Frames: crash <- <module>
# Threads: 1
# Faulthandler: differs, the option is not handed on
import subprocess
import sys

CODE = "import ctypes\ndef crash():\n    ctypes.memset(0, 1, 1)\ncrash()"

child = subprocess.run([sys.executable, "-c", CODE], close_fds=True)
sys.exit(-child.returncode)
