# A daemon thread crashes in C code while the main thread finalizes the interpreter.
#
# Expect: SIGILL
# Faulthandler: differs, how much of the thread is left depends on the version
import ctypes
import threading

from helpers import machine_code

go = machine_code.outlive_everything(ctypes.create_string_buffer(1))
work = machine_code.function(machine_code.crash_when_set(ctypes.addressof(go)))


class Last:
    def __del__(self, go=go, pause=ctypes.CDLL(None).pause):
        go.value = b"1"
        pause()


threading.Thread(target=work, daemon=True).start()
last = Last()
