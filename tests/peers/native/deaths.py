"""Lets one program die: watched, with a core file that gdb reads, and bare under faulthandler."""
import datetime
import glob
import json
import os
import resource
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
LIMIT = 300  # seconds for each process
PAUSE = 0.0005  # seconds between two looks at the log


def core_folder_is_ours():
    """Whether a process leaves its core file in the folder that it runs in."""
    with open("/proc/sys/kernel/core_pattern", encoding="utf-8") as file:
        return not file.read().startswith(("|", "/"))


def with_core_file():
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def without_core_file():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class Death:
    """`folder` is where everything goes and where the program runs; `libraries` has what was built for it."""

    def __init__(self, python, program, folder, libraries):
        self.python = os.path.realpath(python) if os.path.islink(python) else python
        self.command = [python, program.path]
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYFAULT_"))}
        self.environment = {**kept, "PYTHONPATH": libraries, "PYTHONDONTWRITEBYTECODE": "1", "PEER_LIBRARIES": libraries}

    def watched(self, watchdog):
        """Returns (the event of the crash or None, the milliseconds from the death to its report)."""
        log = os.path.join(self.folder, "log")
        command = [watchdog, "--native", "on", "--log", log, "--log-format", "json", "--exec", *self.command]
        with self._start(command, with_core_file) as process:
            reported = seen_in(log, process)
            process.wait(LIMIT)
        crash = next((event for event in events_of(log) if event["event"] == "crash"), None)
        if crash is None:
            return None, None
        died = datetime.datetime.fromisoformat(crash["time"].replace("Z", "+00:00")).timestamp()
        return crash, (reported - died) * 1000

    def under_faulthandler(self):
        command = [self.command[0], "-X", "faulthandler", *self.command[1:]]
        with self._start(command, without_core_file) as process:
            return process.communicate(timeout=LIMIT)[1].decode(errors="replace")

    def in_gdb(self, py_bt):
        """Returns what gdb_frames.py finds in the core file, or, if there is none, in another run of the program."""
        out = os.path.join(self.folder, "gdb")
        cores = glob.glob(os.path.join(self.folder, "core*"))
        program = [self.python, *cores] if cores else ["--args", *self.command]
        command = ["gdb", "-nx", "--batch", "-iex", "set debuginfod enabled off", "-iex", "set auto-load no",
                   "-x", os.path.join(HERE, "gdb_frames.py"), *program]
        own = {"PEER_OUT": out, "PEER_BEGAN": str(time.monotonic()), "PEER_PY_BT": py_bt or ""}
        with self._start(command, without_core_file, own) as process:
            said = process.communicate(timeout=LIMIT)[1].decode(errors="replace")
        for core in cores:
            os.remove(core)
        if not os.path.exists(out):
            raise RuntimeError(f"gdb failed: {said}")
        with open(out, encoding="utf-8") as file:
            return {**json.load(file), "same_death": bool(cores)}

    def _start(self, command, core_files, environment=()):
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                cwd=self.folder, env={**self.environment, **dict(environment)}, preexec_fn=core_files)


def seen_in(log, process):
    """Returns the time at which a crash stood in the log, or the process had ended without one."""
    while process.poll() is None and not any(event["event"] == "crash" for event in events_of(log)):
        time.sleep(PAUSE)
    return time.time()


def events_of(log):
    if not os.path.exists(log):
        return []
    with open(log, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.endswith("\n")]


def extension_for_gdb(python, version):
    """CPython's own extension for gdb, where the interpreter was installed with one."""
    name = f"python{version[0]}.{version[1]}-gdb.py"
    for path in (os.path.join(os.path.dirname(os.path.realpath(python)), name),
                 os.path.join("/usr/share/gdb/auto-load/usr/bin", name)):
        if os.path.exists(path):
            return path
    return None
