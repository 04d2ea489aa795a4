"""Crashes as plain values: what the watchdog reports of a process that died, typed.

``last_crash()`` and ``last_crashes()`` ask the watchdog; ``Crash.from_json()`` reads one line of a
log in JSON (``--log-format json``, pyfault-events(5)). All classes are frozen and hold what their
members of the event hold; an event may have more members than this version knows, so each keeps
the whole object that it was made of as ``raw``.

A value that the watchdog does not know is None, and an empty tuple where there may be several.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Tuple, TypeVar

from pyfault import _question, _watchdog

__all__ = [
    "Breadcrumb",
    "Crash",
    "Diagnosis",
    "Frame",
    "LastWords",
    "Module",
    "NativeStack",
    "Parent",
    "Process",
    "PythonInfo",
    "Signal",
    "StackEntry",
    "Thread",
    "last_crash",
    "last_crashes",
]

Json = Dict[str, Any]
_T = TypeVar("_T")


def _raw() -> Any:
    return field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class Process:
    """The process that crashed. `pid` is its number as the watchdog sees it."""

    pid: int
    ppid: Optional[int]
    name: Optional[str]
    executable: Optional[str]
    command: Tuple[str, ...]
    title: Optional[str] = None
    claimed_pid: Optional[int] = None
    """The number that the process gave itself, where the watchdog could not confirm it."""
    raw: Json = _raw()

    @classmethod
    def from_json(cls, json: Json) -> Process:
        return cls(
            pid=json["pid"],
            ppid=json.get("ppid"),
            name=json.get("name"),
            executable=json.get("executable"),
            command=tuple(json.get("command") or ()),
            title=json.get("title"),
            claimed_pid=json.get("claimed_pid"),
            raw=json,
        )


@dataclass(frozen=True)
class Parent:
    """A process between a worker of the service and the process that crashed."""

    pid: int
    name: Optional[str]
    raw: Json = _raw()

    @classmethod
    def from_json(cls, json: Json) -> Parent:
        return cls(pid=json["pid"], name=json.get("name"), raw=json)


@dataclass(frozen=True)
class Signal:
    """The signal that the process crashed with."""

    number: int
    name: str
    code: Optional[int]
    code_name: Optional[str]
    address: Optional[int]
    """The address whose access failed, for a signal that has one."""
    sender_pid: Optional[int]
    sender_uid: Optional[int]
    description: str
    raw: Json = _raw()

    @classmethod
    def from_json(cls, json: Json) -> Signal:
        return cls(
            number=json["number"],
            name=json["name"],
            code=json.get("code"),
            code_name=json.get("code_name"),
            address=_number(json.get("address")),
            sender_pid=json.get("sender_pid"),
            sender_uid=json.get("sender_uid"),
            description=json.get("description") or "",
            raw=json,
        )


@dataclass(frozen=True)
class PythonInfo:
    """The interpreter of the process."""

    version: Optional[str]
    implementation: str
    free_threaded: bool
    finalizing: Optional[bool]
    collecting_garbage: Optional[bool]
    raw: Json = _raw()

    @classmethod
    def from_json(cls, json: Json) -> PythonInfo:
        return cls(
            version=json.get("version"),
            implementation=json.get("implementation") or "CPython",
            free_threaded=bool(json.get("free_threaded")),
            finalizing=json.get("finalizing"),
            collecting_garbage=json.get("collecting_garbage"),
            raw=json,
        )


@dataclass(frozen=True)
class Frame:
    """A frame of Python code, or a place where the chain of frames was cut or broken.

    `kind` is "code", or says what stands here instead: "omitted" (`omitted` frames were left out of
    a deep stack; None: it is not known how many), "unreadable" (the frame at `unreadable` could not
    be read; the chain ends) or "cycle" (the chain runs in a circle).
    """

    kind: str
    file: Optional[str] = None
    line: Optional[int] = None
    end_line: Optional[int] = None
    column: Optional[int] = None
    end_column: Optional[int] = None
    function: Optional[str] = None
    """The qualified name, from CPython 3.11 on."""
    code: Optional[int] = None
    """The address of the code object."""
    source: Optional[str] = None
    """The line's text, where the file could be read and had not changed."""
    repeat: int = 0
    """How many more frames like this one follow."""
    omitted: Optional[int] = None
    unreadable: Optional[int] = None
    raw: Json = _raw()

    @classmethod
    def from_json(cls, json: Json) -> Frame:
        for kind in ("omitted", "unreadable", "cycle"):
            if kind in json:
                break
        else:
            kind = "code"
        return cls(
            kind=kind,
            file=json.get("file"),
            line=json.get("line"),
            end_line=json.get("end_line"),
            column=json.get("column"),
            end_column=json.get("end_column"),
            function=json.get("function"),
            code=_number(json.get("code")),
            source=json.get("source"),
            repeat=json.get("repeat") or 0,
            omitted=json.get("omitted"),
            unreadable=_number(json.get("unreadable")),
            raw=json,
        )


@dataclass(frozen=True)
class StackEntry:
    """An entry of the stack that merges Python's frames with native ones, innermost first.

    `kind` is "native", "python" (then `frame` is an index into the thread's `frames`, and no other
    member is set) or "omitted".
    """

    kind: str
    frame: Optional[int] = None
    address: Optional[int] = None
    module: Optional[str] = None
    build_id: Optional[str] = None
    offset: Optional[int] = None
    """The address relative to the start of the module's file, for addr2line and its like."""
    function: Optional[str] = None
    file: Optional[str] = None
    line: Optional[int] = None
    inlined: bool = False
    trust: Optional[str] = None
    """How the frame was found, the surest first: "context", "cfi", "fp", ..., "scan"."""
    signal_frame: bool = False
    omitted: Optional[int] = None
    raw: Json = _raw()

    @classmethod
    def from_json(cls, json: Json) -> StackEntry:
        return cls(
            kind=json.get("kind") or "omitted",
            frame=json.get("frame"),
            address=_number(json.get("address")),
            module=json.get("module"),
            build_id=json.get("build_id"),
            offset=_number(json.get("offset")),
            function=json.get("function"),
            file=json.get("file"),
            line=json.get("line"),
            inlined=bool(json.get("inlined")),
            trust=json.get("trust"),
            signal_frame=bool(json.get("signal_frame")),
            omitted=json.get("omitted"),
            raw=json,
        )


@dataclass(frozen=True)
class NativeStack:
    """How well the native stack of a thread is known."""

    complete: bool
    incomplete_reason: Optional[str]
    merged_by: Optional[str]
    raw: Json = _raw()

    @classmethod
    def from_json(cls, json: Json) -> NativeStack:
        return cls(
            complete=bool(json.get("complete")),
            incomplete_reason=json.get("incomplete_reason"),
            merged_by=json.get("merged_by"),
            raw=json,
        )


@dataclass(frozen=True)
class Thread:
    """A thread of Python's, as it was at the moment of the crash."""

    tid: Optional[int]
    """The kernel's number (threading.Thread.native_id), unknown before CPython 3.11."""
    ident: int
    """threading.Thread.ident"""
    name: Optional[str]
    native_name: Optional[str]
    task: Optional[str]
    """The name of the asyncio task that it was running."""
    crashed: bool
    interpreter: Optional[int]
    frames: Tuple[Frame, ...]
    """Most recent call first."""
    stack: Tuple[StackEntry, ...] = ()
    """The same merged with the native stack; empty where that is not known."""
    native: Optional[NativeStack] = None
    raw: Json = _raw()

    @classmethod
    def from_json(cls, json: Json) -> Thread:
        return cls(
            tid=json.get("tid"),
            ident=json["ident"],
            name=json.get("name"),
            native_name=json.get("native_name"),
            task=json.get("task"),
            crashed=bool(json.get("crashed")),
            interpreter=json.get("interpreter"),
            frames=_all(Frame.from_json, json.get("frames")),
            stack=_all(StackEntry.from_json, json.get("stack")),
            native=_one(NativeStack.from_json, json.get("native")),
            raw=json,
        )


@dataclass(frozen=True)
class Module:
    """A file of code that was mapped into the process."""

    path: str
    build_id: Optional[str]
    start: Optional[int]
    end: Optional[int]
    deleted: bool
    raw: Json = _raw()

    @classmethod
    def from_json(cls, json: Json) -> Module:
        return cls(
            path=json["path"],
            build_id=json.get("build_id"),
            start=_number(json.get("start")),
            end=_number(json.get("end")),
            deleted=bool(json.get("deleted")),
            raw=json,
        )


@dataclass(frozen=True)
class Diagnosis:
    """Why it crashed, where that is certain: a word such as "null-pointer", and a sentence."""

    kind: str
    text: str
    raw: Json = _raw()

    @classmethod
    def from_json(cls, json: Json) -> Diagnosis:
        return cls(kind=json["kind"], text=json["text"], raw=json)


@dataclass(frozen=True)
class LastWords:
    """What the process said about its end: of `source` "libc", "python", "c++" or "stderr"."""

    source: str
    type: Optional[str]
    text: Optional[str]
    raw: Json = _raw()

    @classmethod
    def from_json(cls, json: Json) -> LastWords:
        return cls(
            source=json["source"], type=json.get("type"), text=json.get("text"), raw=json
        )


@dataclass(frozen=True)
class Breadcrumb:
    """A line that the program left with pyfault.breadcrumb(), or a hook of ours did."""

    time: Optional[datetime]
    text: str
    raw: Json = _raw()

    @classmethod
    def from_json(cls, json: Json) -> Breadcrumb:
        return cls(time=_one(_time, json.get("time")), text=json["text"], raw=json)


@dataclass(frozen=True)
class Crash:
    """A crash of a process. `str(crash)` is its report in text."""

    id: str
    time: datetime
    """The moment of the fault, in UTC."""
    message: str
    """One sentence: who crashed, of what, and where."""
    host: str
    worker: Optional[str]
    process: Process
    signal: Signal
    complete: bool
    incomplete_reason: Optional[str]
    python: PythonInfo
    fingerprint: Optional[str]
    """The same for crashes at the same place."""
    threads: Tuple[Thread, ...]
    """The one that crashed first. Empty where a service has abridged a repeated crash."""
    threads_omitted: int = 0
    diagnosis: Optional[Diagnosis] = None
    last_words: Optional[LastWords] = None
    registers: Mapping[str, int] = field(default_factory=dict, compare=False)
    modules: Tuple[Module, ...] = ()
    annotations: Mapping[str, Any] = field(default_factory=dict, compare=False)
    """What the program had noted with pyfault.annotate()."""
    breadcrumbs: Tuple[Breadcrumb, ...] = ()
    """Oldest first."""
    became_exception: bool = False
    """Whether pyfault.guard() made an exception of it, and the process went on."""
    minidump: Optional[str] = None
    """The path of its minidump, if one was written."""
    occurrence: Optional[int] = None
    """How often this worker of a service has crashed like this by now."""
    abridged: bool = False
    parents: Tuple[Parent, ...] = ()
    output_tail: Optional[str] = None
    """The last output of a worker of a service."""
    text: str = field(default="", repr=False, compare=False)
    """The report, as a log in text has it; empty if the crash comes from a log in JSON."""
    raw: Json = _raw()

    @classmethod
    def from_json(cls, json: Json, text: str = "") -> Crash:
        """Reads a `crash` event, and takes its report in text if there is one.

        Raises ValueError if the object is no crash event of the schema "pyfault/1".
        """
        if json.get("schema") != "pyfault/1" or json.get("event") != "crash":
            raise ValueError("this is no crash event of the schema pyfault/1")
        try:
            return cls._of(json, text)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("the crash event is not valid: %r" % error) from error

    @classmethod
    def _of(cls, json: Json, text: str) -> Crash:
        return cls(
            id=json["id"],
            time=_time(json["time"]),
            message=json["message"],
            host=json.get("host") or "",
            worker=json.get("worker"),
            process=Process.from_json(json["process"]),
            signal=Signal.from_json(json["signal"]),
            complete=json["complete"],
            incomplete_reason=json.get("incomplete_reason"),
            python=PythonInfo.from_json(json["python"]),
            fingerprint=json.get("fingerprint"),
            threads=_all(Thread.from_json, json["threads"]),
            threads_omitted=json.get("threads_omitted") or 0,
            diagnosis=_one(Diagnosis.from_json, json.get("diagnosis")),
            last_words=_one(LastWords.from_json, json.get("last_words")),
            registers={
                name: int(value, 16) for name, value in (json.get("registers") or {}).items()
            },
            modules=_all(Module.from_json, json.get("modules")),
            annotations=json.get("annotations") or {},
            breadcrumbs=_all(Breadcrumb.from_json, json.get("breadcrumbs")),
            became_exception=bool(json.get("became_exception")),
            minidump=json.get("minidump"),
            occurrence=json.get("occurrence"),
            abridged=bool(json.get("abridged")),
            parents=_all(Parent.from_json, json.get("parents")),
            output_tail=json.get("output_tail"),
            text=text,
            raw=json,
        )

    def __str__(self) -> str:
        return self.text or self.message

    @property
    def thread(self) -> Optional[Thread]:
        """The thread that crashed."""
        return self.threads[0] if self.threads and self.threads[0].crashed else None


def last_crash(pid: Optional[int] = None, *, wait: float = 1.0) -> Optional[Crash]:
    """Returns the last crash of a process, or None.

    `pid`: a process of this program or below it, dead or alive, that this process's watchdog
    watches. Ask once the process has died (after waitpid, say): the watchdog may still be at work
    on its crash, and is waited for up to `wait` seconds (at most 10). While the process lives it is
    waited for as long, for it may be about to crash. Numbers of processes are used again: compare
    `time` with the start of your process if that matters.

    Without a `pid`: the last crash that the watchdog remembers at all. That is meant for the next
    start of a worker of the service, which thus learns why the one before it died. Under
    `pyfault-watchdog --exec`, and where `python -m pyfault` or `enable()` has started a watchdog, a
    new program has a new one, which knows of crashes of this program's own processes only. A
    service that has taken this process as a guest remembers the crashes of all its guests: the
    answer may be another program's of this user (of any user, for root); look at its
    `process.command`.

    Never raises because of the watchdog: without one, if it is of another user (neither this
    process's nor root), stopped, too old, or in another PID namespace, the answer is None. So it is
    for a crash of a process of another user, unless this process runs as root, and for one
    that the watchdog has forgotten: it remembers a few dozen. Raises ValueError if `pid` is not
    positive.

    May be called in any thread, which it blocks; not in a signal handler of C. Opens one socket and
    closes it again. Costs some hundred microseconds, and the waiting.
    """
    if pid is not None:
        return last_crashes([pid], wait=wait).get(pid)
    for answer in _question.ask_for_last(_watchdog.address(), wait):
        return _crash_of(answer)
    return None


def last_crashes(pids: Iterable[int], *, wait: float = 1.0) -> Dict[int, Crash]:
    """Returns the last crash of each of the processes that has crashed, by its number.

    As last_crash() for many processes at once, with one wait for all: it ends as soon as the
    crashes of all those that have died are known.
    """
    found: Dict[int, Crash] = {}
    for answer in _question.ask_for(_watchdog.address(), list(pids), wait):
        crash = _crash_of(answer)
        if crash is not None:
            found[answer.pid] = crash
    return found


def _crash_of(answer: _question.Answer) -> Optional[Crash]:
    try:
        return Crash.from_json(answer.event, answer.report)
    except ValueError:  # of a version to come
        return None


def _number(text: Optional[str]) -> Optional[int]:
    return None if text is None else int(text, 16)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _one(read: Callable[[Any], _T], json: Any) -> Optional[_T]:
    return None if json is None else read(json)


def _all(read: Callable[[Json], _T], json: Optional[List[Json]]) -> Tuple[_T, ...]:
    return tuple(map(read, json or ()))
