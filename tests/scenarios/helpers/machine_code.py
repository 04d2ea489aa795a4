"""x86-64 instructions as a function."""

import ctypes
import mmap

_kept = []

STACK_OVERFLOW = b"\xe8\xfb\xff\xff\xff"  # call itself
DIVIDE_BY_ZERO = b"\x31\xc9\x31\xd2\xf7\xf1"  # xor ecx, ecx; xor edx, edx; div ecx
UNDEFINED = b"\x0f\x0b"  # ud2
BREAKPOINT = b"\xcc\xc3"  # int3; ret
CLEAR_SECOND_ARGUMENT = b"\x31\xf6"  # xor esi, esi


def jump_to(address):
    return b"\x48\xb8" + address.to_bytes(8, "little") + b"\xff\xe0"  # mov rax, address; jmp rax


def load(instructions):
    """The address of a copy that may be executed."""
    page = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(instructions)
    _kept.append(page)
    return ctypes.addressof(ctypes.c_char.from_buffer(page))


def function(instructions):
    return ctypes.CFUNCTYPE(None)(load(instructions))
