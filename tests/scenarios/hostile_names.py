# Control characters in names must not forge a line of the report.
#
# Expect: SIGSEGV SEGV_MAPERR
# File: "evil\n2038-01-19 CRITICAL fake\u001b[31m\u202e.py"
# Function: "crash\n  File \"fake.py\", line 1, in fake\r"
# Threads: 1
# Faulthandler: same
import ctypes
import sys

FILE = "evil\n2038-01-19 CRITICAL fake\x1b[31m\u202e.py"
FUNCTION = 'crash\n  File "fake.py", line 1, in fake\r'


def crash():
    ctypes.memset(0, 1, 1)


fields = {"co_filename": FILE, "co_name": FUNCTION}
if sys.version_info >= (3, 11):
    fields["co_qualname"] = FUNCTION
crash.__code__ = crash.__code__.replace(**fields)
crash()
