"""A memory cgroup of our own, of version 1 or 2, if we may create one."""

import contextlib
import os
import sys

_ROOT = "/sys/fs/cgroup"


def _parent():
    with open("/proc/self/cgroup") as lines:
        for line in lines:
            _, controllers, path = line.rstrip("\n").split(":", 2)
            if "memory" in controllers.split(","):
                return _ROOT + "/memory" + path, "memory.limit_in_bytes", "memory.usage_in_bytes"
    return _ROOT + path, "memory.max", "memory.current"


class _Cgroup:
    def __init__(self):
        parent, self._limit, self._usage = _parent()
        self._path = f"{parent}/pyfault-test-{os.getpid()}"
        os.mkdir(self._path)
        if not os.path.exists(f"{self._path}/{self._limit}"):
            os.rmdir(self._path)
            raise OSError(0, "no memory controller in this cgroup")

    def enter(self):
        self._write("cgroup.procs", os.getpid())

    def fill(self, room):
        """Leaves room for hardly more than `room` bytes. The kernel counts in batches."""
        with open(f"{self._path}/{self._usage}") as usage:
            limit = int(usage.read()) + room
        while not self._allow(limit):
            limit += 16384

    def _allow(self, limit):
        try:
            self._write(self._limit, limit)
        except OSError:  # the limit is below the current usage
            return False
        return True

    def remove(self):
        os.rmdir(self._path)

    def _write(self, name, value):
        with open(f"{self._path}/{name}", "w") as file:
            file.write(str(value))


@contextlib.contextmanager
def or_skip():
    try:
        cgroup = _Cgroup()
    except OSError as error:
        print(f"needs root's rights to make a memory cgroup: {error.strerror}", file=sys.stderr)
        sys.exit(77)
    try:
        yield cgroup
    finally:
        cgroup.remove()
