# The program sets its handler by syscall() and dies in it: the exit event must say that there was a handler.
#
# Expect: SIGSEGV
# Crashes: 0
# Exit: {"handler_replaced": true}
# Faulthandler: nothing
import ctypes
import signal
import struct

from helpers import c_handler, machine_code

SYS_RT_SIGACTION = 13
SA_RESETHAND = 0x80000000
SA_RESTORER = 0x04000000

returning = machine_code.load(machine_code.RETURN)
restorer = machine_code.load(b"\xb8\x0f\0\0\0\x0f\x05")  # mov eax, SYS_rt_sigreturn; syscall
action = struct.pack("QQQQ", returning, SA_RESETHAND | SA_RESTORER, restorer, 0)
c_handler.libc.syscall(SYS_RT_SIGACTION, signal.SIGSEGV, action, None, 8)
ctypes.memset(0, 1, 1)
