"""Runs one of CPython's suites with one interpreter, bare and watched, and ends every process that it leaves behind."""
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import comparison

RECORDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "record.py")
RESUMPTIONS = 5  # how often a suite is resumed whose process ended early or hung
WATCHDOGS_OWN_CODE = 125
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36


def become_guardian():
    """Makes this process adopt orphans below it and end with its parent, and gives what it starts the usual signals."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    signal.signal(signal.SIGTERM, exit_once)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def exit_once(*_):
    """The first SIGTERM starts the clean-up. More may follow: the kernel sends one for each thread of the parent that
    ends."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(1)


def children():
    with open(f"/proc/self/task/{os.getpid()}/children") as file:
        return [int(pid) for pid in file.read().split()]


def reap_orphans(ours):
    """Called by a guardian while its own child runs: reaps orphans as init would."""
    for pid in children():
        if pid != ours:
            os.waitpid(pid, os.WNOHANG)


def end_all_children():
    """Called by a guardian: ends all processes below it, whatever their sessions."""
    while True:
        for pid in children():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        try:
            os.wait()
        except ChildProcessError:
            return


def environment(scratch):
    """The user's environment without variables that would change an interpreter's behaviour."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("PYTHON", "PYFAULT_")) and name != "LD_PRELOAD"}
    return {**kept, "TMPDIR": scratch}


class SuiteRun:
    def __init__(self, python, suite, watchdog, folder, limit):
        self.python = python
        self.suite = suite
        self.watchdog = watchdog
        self.folder = folder
        self.limit = limit
        self.processes = 0
        self.details = {"bare": {}, "watched": {}}
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)

    @property
    def end(self):
        return f"{self.suite}, its process"

    def bare(self, names=()):
        return self._outcomes("bare", [], names)

    def watched(self, names=()):
        log = os.path.join(self.folder, "reports")
        return self._outcomes("watched", [self.watchdog, "--log", log, "--exec"], names)

    def compare(self):
        compared = comparison.Comparison(self.bare(), self.watched())
        compared.repeat(self.bare, self.watched)
        return compared

    def _outcomes(self, side, prefix, names):
        """Runs these tests, or all. A process that ends early or hangs costs only the test that it was running."""
        names = [] if self.end in names else list(names)
        outcomes, planned = {}, None
        for _ in range(RESUMPTIONS):
            record, ending = self._run_process(side, prefix, names)
            if record.agent != (side == "watched"):
                return {self.end: f"{ending}, and the agent was {'in' if record.agent else 'not in'} it"}
            planned = planned or record.planned
            outcomes.update(record.outcomes)
            self.details[side].update(record.details)
            if record.running:
                outcomes[record.running] = ending
            if ending != "ended" and not record.running:
                outcomes[self.end] = ending
            names = [name for name in planned if name not in outcomes]
            if not names or not record.outcomes and not record.running:
                break
        outcomes.setdefault(self.end, "ended" if planned else comparison.NOT_REACHED)
        return {**{name: comparison.NOT_REACHED for name in names if name not in outcomes}, **outcomes}

    def _run_process(self, side, prefix, names):
        self.processes += 1
        base = os.path.join(self.folder, f"{self.processes}-{side}")
        scratch = tempfile.mkdtemp(prefix="peer-")
        command = [*prefix, self.python, RECORDER, base + ".record", self.suite, *names]
        try:
            with open(base + ".out", "wb") as out:
                process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=scratch,
                                           env=environment(scratch), start_new_session=True)
            ending = self._wait(process, base + ".record")
        finally:
            end_all_children()
            shutil.rmtree(scratch, ignore_errors=True)
        return read_record(base + ".record"), ending

    def _wait(self, process, path):
        """Returns how the process ended. It counts as hung if it has reported nothing for the whole limit."""
        began = time.time()
        while True:
            try:
                return describe(process.wait(0.5))
            except subprocess.TimeoutExpired:
                reap_orphans(process.pid)
                spoke = os.path.getmtime(path) if os.path.exists(path) else began
                if time.time() - spoke > self.limit:
                    process.kill()
                    process.wait()
                    return f"timed out after {self.limit} s"


def read_record(path):
    if not os.path.exists(path):
        return comparison.Record([])
    with open(path) as file:
        return comparison.Record(file)


def describe(code):
    """regrtest's own exit codes only say that tests failed, which is known by name already."""
    if code < 0:
        return f"died of {signal.Signals(-code).name}"
    return "ended" if code < WATCHDOGS_OWN_CODE else f"ended with code {code}"
