# Names in each width that the interpreter stores: Latin-1, UCS-2 and UCS-4.
#
# Expect: SIGSEGV SEGV_MAPERR
# Frames: 𝔠𝔯𝔞𝔰𝔥 <- 日本語 <- façade <- <module> <- <module>
# File: "m\u00f3dulo_\u65e5\u672c_\ud83d\udc0d.py"
# Function: "\ud835\udd20\ud835\udd2f\ud835\udd1e\ud835\udd30\ud835\udd25"
# Threads: 1
# Faulthandler: same
FILE = "m\u00f3dulo_\u65e5\u672c_\U0001f40d.py"
SOURCE = """
import ctypes

def crash():
    ctypes.memset(0, 1, 1)  # \u2620

def \u65e5\u672c\u8a9e():
    crash()

def fa\u00e7ade():
    \u65e5\u672c\u8a9e()

def rename(function, name):
    fields = {"co_name": name}
    if hasattr(function.__code__, "co_qualname"):
        fields["co_qualname"] = name
    function.__code__ = function.__code__.replace(**fields)

# An identifier would be normalised to ASCII.
rename(crash, "\U0001d520\U0001d52f\U0001d51e\U0001d530\U0001d525")
fa\u00e7ade()
"""

with open(FILE, "w", encoding="utf-8") as module:
    module.write(SOURCE)
exec(compile(SOURCE, FILE, "exec"))
