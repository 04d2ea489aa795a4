"""pytest plugin: reports of crashes in the reports of tests, and an end to tests that hang.

    pytest -p pyfault.pytest_plugin --pyfault --pyfault-timeout 60

With an installed wheel `-p` is not needed. The options:

--pyfault: this run is watched (pyfault.enable()), and so are the workers of pytest-xdist. A run
    under `python -m pyfault -m pytest` is watched without it, with all Python programs that tests
    start. If a child process crashed during a test that failed, its report is a section of the
    test's, "pyfault crash"; so is the report of a worker of xdist that crashed. The watchdog also
    writes each report to stderr, or to PYFAULT_LOG.

--pyfault-timeout SECONDS (or pyfault_timeout in the ini file): if a test takes longer, with its
    fixtures, its name is written to the terminal, and pytest and all processes below it are ended
    by SIGABRT, so that the stacks of those that are watched are reported. A worker of xdist is
    ended alone: its test has failed, and the run goes on. It is another process that waits, which
    needs nothing of this one: it does not matter who holds the GIL.

In the report of a crash, the annotation `test` is the test that was running.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import nullcontext
from importlib import import_module
from multiprocessing.process import BaseProcess
from typing import Any, Callable, ContextManager, Dict, Generator, List, Optional, Set, TypeVar

import pyfault
from pyfault import _watchdog
from pyfault.crashes import Crash
from pyfault.hooks import _children
from pyfault.hooks._patches import Patches

_pytest: Any = import_module("pytest")
_F = TypeVar("_F", bound=Callable[..., Any])
_hookimpl: Callable[..., Callable[[_F], _F]] = _pytest.hookimpl

_SECTION = "pyfault crash"
_NAME = "pyfault-run"
_TIMER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_test_timer.py")


def pytest_addoption(parser: Any) -> None:
    group = parser.getgroup("pyfault")
    group.addoption(
        "--pyfault",
        action="store_true",
        help="have a watchdog report crashes of this run, of the workers of pytest-xdist, and of "
        "child processes that they fork",
    )
    group.addoption(
        "--pyfault-timeout",
        type=float,
        metavar="SECONDS",
        help="end the run, with the stacks of all its processes, when a test takes longer",
    )
    parser.addini("pyfault_timeout", "the default of --pyfault-timeout", default="0")


@_hookimpl(trylast=True)  # pytest enables faulthandler, whose handlers are to stand behind ours
def pytest_configure(config: Any) -> None:
    config.pluginmanager.register(_Run(config), _NAME)


class _Run:
    """This run of pytest, or this worker of xdist."""

    def __init__(self, config: Any) -> None:
        self._config = config
        self._environment: Dict[str, Optional[str]] = {}
        self._patches = Patches()
        self._timer: Optional[_Timer] = None
        self._seconds = config.getoption("--pyfault-timeout")
        if self._seconds is None:
            self._seconds = float(config.getini("pyfault_timeout") or 0)
        # Of the test that is running.
        self._started = 0.0
        self._children: List[int] = []
        self._told: Set[str] = set()  # the crashes that are in a report
        if config.getoption("--pyfault"):
            self._enable()
        if pyfault.is_enabled():
            self._note_children()

    def _enable(self) -> None:
        try:
            with _uncaptured(self._config):  # the watchdog writes to stderr as it is now
                # A format rules out a service: its logs are not where a tester looks.
                pyfault.enable(log_format=os.environ.get(_watchdog.LOG_FORMAT_VARIABLE) or "text")
        except pyfault.Unwatched as error:
            raise _pytest.UsageError(f"--pyfault: {error}") from error
        # Workers of xdist share the watchdog, and so do programs that tests start under it.
        self._environment[_watchdog.SOCKET_VARIABLE] = os.environ.get(_watchdog.SOCKET_VARIABLE)
        os.environ[_watchdog.SOCKET_VARIABLE] = _watchdog.address() or ""

    def _note_children(self) -> None:
        def noting_pid(start: Callable[..., None]) -> Callable[..., None]:
            def start_and_note(process: Any, *arguments: Any, **options: Any) -> None:
                start(process, *arguments, **options)
                self._children.append(process.pid)

            return start_and_note

        def noting_result(start: Callable[..., int]) -> Callable[..., int]:
            def start_and_note(*arguments: Any, **options: Any) -> int:
                pid = start(*arguments, **options)
                if pid > 0:  # in the child it is 0
                    self._children.append(pid)
                return pid

            return start_and_note

        self._patches.replace(subprocess.Popen, "__init__", noting_pid(subprocess.Popen.__init__))
        self._patches.replace(BaseProcess, "start", noting_pid(BaseProcess.start))
        for name in ("fork", "posix_spawn", "posix_spawnp"):
            self._patches.replace(os, name, noting_result(getattr(os, name)))

    def pytest_unconfigure(self) -> None:
        self._patches.undo()
        for name, value in self._environment.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        if self._timer is not None:
            self._timer.close()

    @_hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: Any) -> Generator[None, Any, None]:
        self._started = time.time()
        self._children.clear()
        pyfault.annotate(test=item.nodeid)
        pyfault.breadcrumb(f"test {item.nodeid}")
        if self._seconds > 0:
            if self._timer is None:
                with _uncaptured(self._config):
                    self._timer = _Timer(self._seconds)
            self._timer.begin(item.nodeid)
        yield
        if self._timer is not None:
            self._timer.end()
        pyfault.annotate(test=None)

    def pytest_enter_pdb(self) -> None:
        if self._timer is not None:
            self._timer.end()

    @_hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self) -> Generator[None, Any, None]:
        outcome = yield
        report = outcome.get_result()
        if report.failed and pyfault.is_enabled():
            for crash in self._crashes_of_children():
                report.sections.append((_SECTION, str(crash)))

    def _crashes_of_children(self) -> List[Crash]:
        """Those since the test began. Of processes further down only the last one, and only if all
        between it and this process are alive."""
        crashes = list(pyfault.last_crashes(self._children, wait=0.5).values())
        last = pyfault.last_crash(wait=0.2)
        if last is not None and _is_below_this_process(last.process.ppid):
            crashes.append(last)
        found = []
        for crash in sorted(crashes, key=lambda each: each.time):
            if _children.is_of(crash, None, self._started) and crash.id not in self._told:
                self._told.add(crash.id)
                found.append(crash)
        return found

    @_hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, report: Any) -> None:
        """A hook of xdist: a worker died while it ran this test."""
        worker = _process_of(report.node)
        if worker is not None and pyfault.is_enabled():
            lost = _children.remote_crash(worker.pid, worker.poll())
            report.sections.append((_SECTION, str(lost)))


class _Timer:
    """A process that ends this one if a test takes too long (_test_timer.py)."""

    def __init__(self, seconds: float) -> None:
        read, self._pipe = os.pipe()
        environment = dict(os.environ)
        for name in ("LD_PRELOAD", _watchdog.SOCKET_VARIABLE, "PYFAULT"):
            environment.pop(name, None)
        try:
            subprocess.run(
                [sys.executable, "-I", "-S", _TIMER, str(os.getpid()), str(seconds)],
                stdin=read,
                stdout=subprocess.DEVNULL,
                env=environment,
                check=True,
            )
        finally:
            os.close(read)

    def begin(self, test: str) -> None:
        self._write(test.replace("\n", " ") + "\n")

    def end(self) -> None:
        self._write("\n")

    def close(self) -> None:
        try:
            os.close(self._pipe)
        except OSError:  # a test has closed it
            pass

    def _write(self, line: str) -> None:
        try:
            os.write(self._pipe, line.encode("utf-8", "backslashreplace"))
        except OSError:  # the process has been killed, or a test has closed the pipe
            pass


def _uncaptured(config: Any) -> ContextManager[None]:
    """While it is open, stderr is what it was before pytest captured it."""
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is None:
        return nullcontext()
    disabled: ContextManager[None] = capture.global_and_fixture_disabled()
    return disabled


def _process_of(node: Any) -> Any:
    """The subprocess.Popen of a worker of xdist; None if it runs elsewhere."""
    return getattr(getattr(node.gateway, "_io", None), "popen", None)


def _is_below_this_process(pid: Optional[int]) -> bool:
    while pid is not None and pid > 1:
        if pid == os.getpid():
            return True
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
                pid = int(stat.read().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            return False
    return False
