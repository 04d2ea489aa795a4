# The program has a handler of its own, set past the interpreter, that knows no way but death: the
# exit tells what became of ours.
#
# Expect: SIGKILL
# Crashes: 0
# Exit: {"handler_replaced": true}
# Faulthandler: nothing
import ctypes
import signal

from helpers import machine_code

libc = ctypes.CDLL(None)
SIGACTION_SIZE = 152
GETPID, KILL = 39, 62


def system_call(number):
    return b"\xb8" + number.to_bytes(4, "little") + b"\x0f\x05"  # mov eax, number; syscall


def kill_oneself():
    arguments = b"\x89\xc7\xbe" + signal.SIGKILL.to_bytes(4, "little")  # mov edi, eax; mov esi, SIGKILL
    return machine_code.load(system_call(GETPID) + arguments + system_call(KILL))


action = ctypes.create_string_buffer(SIGACTION_SIZE)
ctypes.c_void_p.from_buffer(action).value = kill_oneself()
libc.sigaction(signal.SIGSEGV, action, None)
ctypes.memset(0, 1, 1)
