# Names of five thousand characters, full of line breaks, must not forge a line of the report.
#
# Expect: SIGSEGV SEGV_MAPERR
# Forged: 2038
# Threads: 1
# Faulthandler: same
import ctypes
import sys


def crash():
    ctypes.memset(0, 1, 1)


name = "\n2038-01-19 CRITICAL fake\x1b" * 200
fields = {"co_filename": name}
for field in ["co_name", "co_qualname"] if sys.version_info >= (3, 11) else ["co_name"]:
    fields[field] = name
crash.__code__ = crash.__code__.replace(**fields)
crash()
