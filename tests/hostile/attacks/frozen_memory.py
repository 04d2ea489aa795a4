"""Processes whose command line lies on a FUSE page that never comes (before Linux 4.17, reading it waits for the page)."""
import contextlib
import ctypes
import mmap
import os
import signal
import struct
import sys
import time

TRIES = 6
NEW_USER, NEW_MOUNTS = 0x10000000, 0x20000
INIT, LOOKUP, GETATTR, OPEN, READ = 26, 1, 3, 14, 15
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
folder = os.path.join(os.environ["HOSTILE_HOME"], "fuse")


def attributes(node):
    is_root = node == 1
    return struct.pack("6Q10I", node, 1 << 20, 1, 0, 0, 0, 0, 0, 0, 0o40755 if is_root else 0o100644, 1, 0, 0, 0, 4096, 0)


def answers(device):
    """Serves the file system, except that a read never gets an answer."""
    while True:
        request = os.read(device, 1 << 20)
        _, opcode, unique, node = struct.unpack_from("IIQQ", request)
        body, error = b"", 0
        if opcode == INIT:
            body = struct.pack("IIIIHHIIHH8I", 7, 31, 0, 0, 0, 0, 1 << 16, 1, 0, 0, *[0] * 8)
        elif opcode == LOOKUP:
            body = struct.pack("4Q2I", 2, 0, 1000, 1000, 0, 0) + attributes(2)
        elif opcode == GETATTR:
            body = struct.pack("QII", 1000, 0, 0) + attributes(node)
        elif opcode == OPEN:
            body = struct.pack("QII", 1, 0, 0)
        elif opcode == READ:
            continue
        else:
            error = -38
        os.write(device, struct.pack("IiQ", 16 + len(body), error, unique) + body)


def freeze_arguments(file):
    fields = open("/proc/self/stat").read().rsplit(")", 1)[1].split()
    begin, end = int(fields[45]) & ~4095, (int(fields[46]) + 4095) & ~4095
    mapped = libc.mmap(begin, end - begin, mmap.PROT_READ, mmap.MAP_PRIVATE | 0x10, file, 0)  # MAP_FIXED
    assert mapped == begin, os.strerror(ctypes.get_errno())


def require(result, what):
    if result != 0:
        raise OSError(f"{what}: {os.strerror(ctypes.get_errno())}")


def mount():
    """Mounts the file system in namespaces of this process's own; returns the device that serves it."""
    user, group = os.geteuid(), os.getegid()
    require(libc.unshare(NEW_USER | NEW_MOUNTS), "no user namespaces")
    open("/proc/self/setgroups", "w").write("deny")
    open("/proc/self/uid_map", "w").write(f"0 {user} 1")
    open("/proc/self/gid_map", "w").write(f"0 {group} 1")
    device = os.open(os.environ["HOSTILE_FUSE"], os.O_RDWR)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0".encode()
    require(libc.mount(b"frozen", folder.encode(), b"fuse", 0, options), "no FUSE")
    return device


def why_impossible():
    """Says what the machine lacks for this attack; empty if it lacks nothing."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        try:
            mount()
        except OSError as error:
            os.write(writer, str(error).encode())
        os._exit(0)
    os.close(writer)
    os.wait()
    return os.read(reader, 1000).decode()


def frozen():
    """A process that dumps its stacks and crashes, and whose arguments cannot be read."""
    device = mount()
    server = os.fork()
    if server == 0:
        answers(device)
    os.close(device)
    dump = ctypes.PyDLL(None).pyfault_dump
    freeze_arguments(os.open(os.path.join(folder, "file"), os.O_RDONLY))
    for _ in range(3):
        dump()
        time.sleep(0.3)
    os.kill(os.getpid(), signal.SIGSEGV)


os.mkdir(folder)
if reason := why_impossible():
    open(os.environ["HOSTILE_TRIES"], "w").write(reason)
    sys.exit()
tries = 0
for _ in range(TRIES):
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        frozen()
    time.sleep(3)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # ends the server too, which releases waiting readers
    _, status = os.waitpid(child, 0)
    tries += os.WIFSIGNALED(status)
open(os.environ["HOSTILE_TRIES"], "w").write(str(tries))
