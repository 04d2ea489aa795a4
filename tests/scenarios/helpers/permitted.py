"""What takes privileges, and what a container may forbid."""

import contextlib
import ctypes
import os
import sys

CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET = 0x20000, 0x20000000, 0x40000000
_MS_BIND, _MS_REC, _MS_PRIVATE = 0x1000, 0x4000, 1 << 18

_libc = ctypes.CDLL(None, use_errno=True)


@contextlib.contextmanager
def or_skip(what):
    try:
        yield
    except OSError as error:
        print(f"needs root's rights {what}: {error.strerror}", file=sys.stderr)
        sys.exit(77)


def unshare(flags):
    _checked(_libc.unshare(flags))


def mount_tmpfs(folder, options):
    """Mounts in a new mount namespace, so that the mount ends with this process. The files of this program stay
    visible, even those below `folder`."""
    unshare(CLONE_NEWNS)
    _mount(None, "/", None, _MS_REC | _MS_PRIVATE)
    kept = {place: os.open(place, os.O_PATH) for place in _needed_again() if place.startswith(folder + "/")}
    _mount("none", folder, "tmpfs", 0, options)
    for place, fd in kept.items():
        os.makedirs(place, exist_ok=True)
        _mount(f"/proc/self/fd/{fd}", place, None, _MS_BIND | _MS_REC)
        os.close(fd)


def _needed_again():
    """The folders that an exec of this program reads, outer ones first: those of its interpreter, of itself and of
    preloaded libraries, which may be links."""
    preloaded = os.environ.get("LD_PRELOAD", "").replace(" ", ":").split(":")
    files = [sys.executable, *preloaded]
    folders = [os.path.dirname(path) for path in files + list(map(os.path.realpath, files))]
    return sorted({sys.prefix, sys.base_prefix, sys.path[0], *folders})


def _mount(source, target, kind, flags, options=None):
    words = [None if word is None else os.fsencode(word) for word in (source, target, kind, options)]
    _checked(_libc.mount(*words[:3], ctypes.c_ulong(flags), words[3]))


def _checked(result):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
