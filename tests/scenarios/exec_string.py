# Code that belongs to no file crashes.
#
# Expect: SIGSEGV SEGV_MAPERR
# File: "<string>"
# Frames: crash <- <module> <- run <- <module>
# Threads: 1
# Faulthandler: same
def run():
    exec("import ctypes\ndef crash():\n    ctypes.memset(0, 1, 1)\ncrash()", {})


run()
