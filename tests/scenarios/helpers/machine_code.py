"""x86-64 instructions as functions."""

import ctypes
import mmap
import struct

STACK_OVERFLOW = b"\xe8\xfb\xff\xff\xff"  # call itself
DIVIDE_BY_ZERO = b"\x31\xc9\x31\xd2\xf7\xf1"  # xor ecx, ecx; xor edx, edx; div ecx
UNDEFINED = b"\x0f\x0b"  # ud2
RETURN = b"\xc3"  # ret
BREAKPOINT = b"\xcc\xc3"  # int3; ret
CLEAR_SECOND_ARGUMENT = b"\x31\xf6"  # xor esi, esi
MISALIGNED_LOAD = b"\x48\x8d\x44\x24\xf1\x0f\x28\x00"  # lea rax, [rsp - 15]; movaps xmm0, [rax]

# mov rax, rdi; mov rdi, rsi; mov rsi, rdx; mov rdx, rcx; mov r10, r8; mov r8, r9; syscall; ret
SYSTEM_CALL = bytes.fromhex("4889f8 4889f7 4889d6 4889ca 4d89c2 4d89c8 0f05 c3")

VFORK_AND_CRASH = b"\xb8\x3a\x00\x00\x00\x0f\x05\x85\xc0\x75\x02" + UNDEFINED + b"\xc3"  # by the bare system call


def jump_to(address):
    return b"\x48\xb8" + address.to_bytes(8, "little") + b"\xff\xe0"  # mov rax, address; jmp rax


def call(address, first, second=0):
    arguments = b"\xbf" + first.to_bytes(4, "little") + b"\xbe" + second.to_bytes(4, "little")  # mov edi; mov esi
    return b"\x53\x48\xb8" + address.to_bytes(8, "little") + arguments + b"\xff\xd0\x5b"  # push rbx; ...; call rax; pop


def smash_stack(words):
    count = b"\xb9" + words.to_bytes(4, "little")  # mov ecx, words
    filling = b"\x48\xb8" + b"A" * 8  # mov rax, "AAAAAAAA"
    return count + filling + b"\x48\x89\xe7\xf3\x48\xab\xc3"  # mov rdi, rsp; rep stosq; ret


def crash_when_set(address):
    wait = b"\x48\xb8" + address.to_bytes(8, "little") + b"\x80\x38\x00\x74\xfb"
    return wait + UNDEFINED  # mov rax, address; cmp byte [rax], 0; je back; ud2


def outlive_everything(thing):
    """Keeps an object alive even beyond the end of the interpreter."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))
    return thing


def load(instructions):
    """Returns the address of an executable copy."""
    page = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(instructions)
    outlive_everything(page)
    return ctypes.addressof(ctypes.c_char.from_buffer(page))


def function(instructions, result=None):
    return ctypes.CFUNCTYPE(result)(load(instructions))


def program_that_crashes():
    """A whole executable (ELF) with one instruction."""
    start, size = 0x10000, 120
    head = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 2, 62, 1, start + size, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, start, start, size + 7, size + 7, 4096)
    return head + segment + b"\x88\x04\x25\0\0\0\0"  # mov [0], al
