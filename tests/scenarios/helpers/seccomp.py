"""Filters of system calls, written by hand because Debian's Python has no libseccomp."""

import ctypes
import os
import struct
import sys

from helpers import machine_code

DENY = 0x00050001  # SECCOMP_RET_ERRNO with EPERM
KILL = 0x80000000  # SECCOMP_RET_KILL_PROCESS
TRAP = 0x00030000  # SECCOMP_RET_TRAP
_ALLOW = 0x7FFF0000

_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS, _FILTER, _PRCTL = 22, 38, 2, 157
_LOAD, _AND, _JUMP_EQUAL, _RETURN = 0x20, 0x54, 0x15, 0x06
_SECOND_ARGUMENT = 24  # in struct seccomp_data

# x86-64 numbers: what a program needs that only computes, and reads and writes what it has open.
READ, WRITE, CLOSE, MMAP, MPROTECT, MUNMAP, BRK = 0, 1, 3, 9, 10, 11, 12
SIGACTION, SIGPROCMASK, SIGRETURN, FUTEX, EXIT, EXIT_GROUP = 13, 14, 15, 202, 60, 231
LITTLE = [READ, WRITE, CLOSE, MMAP, MPROTECT, MUNMAP, BRK, SIGACTION, SIGPROCMASK, SIGRETURN, FUTEX, EXIT, EXIT_GROUP]
# What sandboxes commonly allow in addition.
FSTAT, POLL, NANOSLEEP, GETPID, GETTID, SIGALTSTACK, CLOCK_GETTIME, MINCORE = 5, 7, 35, 39, 186, 131, 228, 27
OPENAT, SOCKET, CONNECT, IOCTL = 257, 41, 42, 16
USUAL = LITTLE + [FSTAT, POLL, NANOSLEEP, GETPID, GETTID, SIGALTSTACK, CLOCK_GETTIME, MINCORE]


def allow_only(numbers, otherwise):
    """From now on all other system calls have the result `otherwise`."""
    _install([*_jumps(numbers), _step(_RETURN, otherwise), _step(_RETURN, _ALLOW)], _by_libc)


def refuse(numbers, verdict):
    """From now on these system calls have the result `verdict`."""
    _install([*_jumps(numbers), _step(_RETURN, _ALLOW), _step(_RETURN, verdict)], _by_libc)


def refuse_unseen(numbers, verdict):
    """As refuse(), but without the C library, so that nothing else in the process notices."""
    _install([*_jumps(numbers), _step(_RETURN, _ALLOW), _step(_RETURN, verdict)], _by_system_call)


def refuse_ioctl(group, number, verdict):
    """From now on this request of ioctl(), whatever the size of its argument, has the result `verdict`."""
    first_16_bits = [_step(_LOAD, _SECOND_ARGUMENT), _step(_AND, 0xFFFF)]
    allow = _step(_RETURN, _ALLOW)
    is_request = [_step(_JUMP_EQUAL, group << 8 | number, when_equal=1), allow]
    _install([_step(_JUMP_EQUAL, IOCTL, when_equal=1), allow, *first_16_bits, *is_request, _step(_RETURN, verdict)], _by_libc)


def _jumps(numbers):  # to the next step that is not a jump
    return [_step(_JUMP_EQUAL, number, when_equal=len(numbers) - index) for index, number in enumerate(numbers)]


def _step(code, value=0, when_equal=0):
    return struct.pack("HBBI", code, when_equal, 0, value)


def _by_libc(program):
    return ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_SECCOMP, _FILTER, program)


def _by_system_call(program):
    code = machine_code.load(machine_code.SYSTEM_CALL)
    call = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_long, ctypes.c_long, ctypes.c_long, ctypes.c_char_p)(code)
    return call(_PRCTL, _PR_SET_SECCOMP, _FILTER, program)


def _install(steps, install):
    code = ctypes.create_string_buffer(b"".join([_step(_LOAD), *steps]))
    program = struct.pack("HxxxxxxQ", len(steps) + 1, ctypes.addressof(code))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    if prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 or install(program) != 0:
        print(f"the kernel or a container refuses seccomp filters here: {os.strerror(ctypes.get_errno())}", file=sys.stderr)
        sys.exit(77)
