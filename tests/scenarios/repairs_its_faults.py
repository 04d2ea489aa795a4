# A program whose own SIGSEGV handler repairs the cause of the fault must go on as it would without
# us, with its vector registers intact, even if dumps are taken meanwhile.
#
# Expect: exit 0
# Crashes: 0
# Faulthandler: nothing
import ctypes
import mmap
import signal
import threading

from helpers import machine_code

libc = ctypes.CDLL(None)
dump = getattr(libc, "pyfault_dump", lambda: 0)
anonymous = mmap.mmap(-1, mmap.PAGESIZE)
page = ctypes.addressof(ctypes.c_char.from_buffer(anonymous)).to_bytes(8, "little")
ROUNDS, DUMPS = 1000, 10


def mprotect(rights):
    set_up = b"\x48\xbf" + page + b"\xbe\x00\x10\x00\x00"  # mov rdi, page; mov esi, 4096
    return set_up + b"\xba" + bytes([rights, 0, 0, 0]) + b"\xb8\x0a\x00\x00\x00\x0f\x05"


def loop(body):  # repeats `body` as often as the first argument says
    head, tail = b"\x49\x89\xf8", b"\x49\xff\xc8\x0f\x85"  # mov r8, rdi; dec r8; jnz
    return head + body + tail + (-len(body) - 9).to_bytes(4, "little", signed=True) + b"\xc3"


class Action(ctypes.Structure):
    _fields_ = [
        ("handler", ctypes.c_size_t),
        ("mask", ctypes.c_ulong * 16),
        ("flags", ctypes.c_int),
        ("restorer", ctypes.c_size_t),
    ]


repair = machine_code.load(mprotect(mmap.PROT_READ | mmap.PROT_WRITE) + b"\xc3")
libc.sigaction(signal.SIGSEGV, ctypes.byref(Action(handler=repair)), None)
write = b"\x48\xb8" + page + b"\xc6\x00\x01"  # mov rax, page; mov byte [rax], 1
keep = b"\x66\x49\x0f\x6e\xf8"  # movq xmm7, r8
same = b"\x66\x48\x0f\x7e\xf8\x4c\x39\xc0\x74\x02\x0f\x0b"  # movq rax, xmm7; cmp rax, r8; je +2; ud2
faults = ctypes.CFUNCTYPE(None, ctypes.c_long)(
    machine_code.load(loop(keep + mprotect(0) + write + same))
)

enough = threading.Event()


def fault_until_it_is_enough():
    while not enough.is_set():
        faults(ROUNDS)


thread = threading.Thread(target=fault_until_it_is_enough)
thread.start()
taken = 0
while taken < DUMPS:
    taken += dump() == 0  # the ring may be full at times
enough.set()
thread.join()
