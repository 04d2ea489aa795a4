"""What only some users may do, and what a container may forbid."""

import contextlib
import ctypes
import os
import sys

CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET = 0x20000, 0x20000000, 0x40000000
_MS_REC, _MS_PRIVATE = 0x4000, 1 << 18

_libc = ctypes.CDLL(None, use_errno=True)


@contextlib.contextmanager
def or_skip(what):
    try:
        yield
    except OSError as error:
        print(f"{what}: not permitted here, to this user or in this container: {error.strerror}", file=sys.stderr)
        sys.exit(77)


def unshare(flags):
    _checked(_libc.unshare(flags))


def mount_tmpfs(folder, options):
    """In a mount namespace of our own, so that it goes with us."""
    unshare(CLONE_NEWNS)
    _checked(_libc.mount(None, b"/", None, _MS_REC | _MS_PRIVATE, None))
    _checked(_libc.mount(b"none", folder.encode(), b"tmpfs", 0, options.encode()))


def _checked(result):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
