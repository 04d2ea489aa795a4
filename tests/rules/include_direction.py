#!/usr/bin/env python3
"""Who may include whom. usage: include_direction.py SOURCE_ROOT

The table below is that of the design: a folder may include the folders and libraries of its row, and no
other folder of ours. The row with the longest matching folder applies.
"""
import os
import re
import sys

# Headers for code that may run in a signal handler, or in a process that is not ours.
FREESTANDING = {"array", "atomic", "bit", "concepts", "cstddef", "cstdint", "initializer_list", "limits", "new", "span",
                "type_traits", "utility", "cerrno", "climits", "cstdarg", "csignal", "cstring", "ctime"}
LIBC = FREESTANDING | {"cstdio", "cstdlib"}
POSIX = re.compile(r"(sys|linux|asm|bits)/\w+\.h|(?!Python|stdio|iostream)[a-z]\w*\.h")

LIBRARIES = {
    "asio": re.compile(r"boost/asio(/|\.hpp)"),
    "boost": re.compile(r"boost/(?!asio)"),
    "spdlog": re.compile(r"spdlog/"),
    "fmt": re.compile(r"fmt/"),
    "json": re.compile(r"nlohmann/"),
    "cli": re.compile(r"CLI/"),
    "toml": re.compile(r"toml\+\+/"),
    "zip": re.compile(r"minizip/"),
    "libdw": re.compile(r"(elfutils/.*|dwarf|libelf|gelf)\.h"),
    "test": re.compile(r"(gtest|gmock|benchmark)/"),
    "python": re.compile(r"(.*/)?Python\.h|cpython/|internal/pycore_"),
}
# Folders in which the program has threads. Lane tsan of .ci/run tests these with ThreadSanitizer.
THREADS = re.compile(r"thread|mutex|shared_mutex|condition_variable|future|stop_token|semaphore|latch|barrier")
MAY_HAVE_THREADS = ["watchdog/sink", "watchdog/log", "tests",
                    "watchdog/os/helper_thread.cc", "watchdog/os/timed_read.cc",
                    "watchdog/loop",
                    "watchdog/ingest/debug_downloads.h",    # one lock around what starts a process
                    "watchdog/supervise/child_process.cc"]  # only sleeps
CRASH = ["watchdog/crash", "shared"]
EVENT = ["watchdog/event", "watchdog/crash"]
START_ERROR = "watchdog/start_error.h"  # includes nothing; says why the watchdog did not start

# folder: (folders of ours that it may include, libraries, standard headers if not all are allowed)
TABLE = {
    "shared": (["shared"], [], FREESTANDING),
    "agent/in_signal": (["agent/in_signal", "agent/arch", "agent/cpython/python_layout.h", "shared"], [], FREESTANDING),
    "agent/arch": (["agent/arch"], [], FREESTANDING),
    "agent/cpython": (["agent/cpython", "agent/arch/processor.h", "agent/find_symbol.h", "shared"], [], LIBC),
    "agent": (["agent", "shared"], [], LIBC),
    # Meets the agent in its C interface.
    "agent/python": (["agent/python", "agent/arch/processor.h", "agent/pyfault.h"], ["python"], LIBC),
    "watchdog/crash": (CRASH, ["boost", "fmt"], None),
    "watchdog/event": (EVENT, [], None),
    "watchdog/format": (["watchdog/format", *EVENT], ["fmt", "json"], None),
    "watchdog/os": (["watchdog/os", "shared"], ["boost", "fmt"], None),
    "watchdog/enrich": (["watchdog/enrich", "watchdog/os", *EVENT], ["boost", "fmt", "zip"], None),
    "watchdog/symbolize": (["watchdog/symbolize", "watchdog/symbolizer/protocol.h", "watchdog/supervise/child_process.h",
                            "watchdog/supervise/command.h", "watchdog/os", *CRASH], ["boost", "fmt"], None),
    # A program of its own, which meets the watchdog in protocol.h.
    "watchdog/symbolizer": (["watchdog/symbolizer", "watchdog/crash/native.h", "watchdog/crash/byte_reader.h",
                             "watchdog/os/unique_fd.h", "shared"], ["libdw"], None),
    "watchdog/minidump": (["watchdog/minidump", "watchdog/symbolize/captured_stack.h", "watchdog/os", *CRASH], ["fmt"], None),
    "watchdog/loop": (["watchdog/loop", "watchdog/os"], ["asio"], None),
    "watchdog/ingest": (["watchdog/ingest", "watchdog/enrich", "watchdog/symbolize", "watchdog/minidump", "watchdog/loop", "watchdog/os",
                         "watchdog/supervise/child_process.h", "watchdog/supervise/command.h", "watchdog/log_error.h", START_ERROR, "shared", *EVENT], ["asio", "boost", "fmt"], None),
    "watchdog/sink": (["watchdog/sink", "watchdog/os", START_ERROR], ["fmt"], None),
    "watchdog/supervise": (["watchdog/supervise", "watchdog/os", "shared", START_ERROR], ["asio", "boost", "fmt"], None),
    "watchdog/policy": (["watchdog/policy"], [], None),
    "watchdog/toml": (["watchdog/toml"], ["fmt", "toml"], None),
    "watchdog/config": (["watchdog/config", "watchdog/toml", "watchdog/policy", "watchdog/os", "watchdog/log",
                         "watchdog/crash/native.h", "watchdog/event/redaction.h", "watchdog/metrics/http_address.h"],
                        ["fmt"], None),
    "watchdog/log": (["watchdog/log", "watchdog/sink", "watchdog/format", "watchdog/toml", "watchdog/loop",
                      "watchdog/os/clock.h", "watchdog/log_error.h", *EVENT], ["asio", "fmt"], None),
    "watchdog/metrics": (["watchdog/metrics", "watchdog/loop", "watchdog/os", START_ERROR, *EVENT],
                         ["asio", "boost", "fmt"], None),
    "watchdog/control": (["watchdog/control", "watchdog/format", "watchdog/loop", "watchdog/os",
                          START_ERROR, *EVENT], ["asio", "fmt", "json"], None),
    "watchdog/ctl": (["watchdog/ctl", "watchdog/control", "watchdog/format", "watchdog/os",
                      "watchdog/service/worker_program.h", START_ERROR], ["cli", "fmt"], None),
    "watchdog/handover": (["watchdog/handover", "watchdog/config", "watchdog/policy", "watchdog/log/log_settings.h",
                           "watchdog/ingest/saved_session.h", "watchdog/ingest/saved_crash.h",
                           "watchdog/ingest/unwatched_process.h", "watchdog/control/worker_history.h",
                           "watchdog/process_history.h", *EVENT],
                          ["boost", "json"], None),
    "watchdog/service": (["watchdog/service", "watchdog/control", "watchdog/handover", "watchdog/config", "watchdog/toml",
                          "watchdog/policy", "watchdog/supervise",
                          "watchdog/ingest", "watchdog/enrich", "watchdog/loop", "watchdog/os", "watchdog/metrics",
                          "watchdog/symbolize/symbolizer_path.h",
                          "watchdog/sink/fd_sink.h", "watchdog/sink/journal_sink.h",
                          "watchdog/format/escape.h", "watchdog/format/format.h", "watchdog/format/journal.h", "watchdog/format/rfc3339.h",
                          "watchdog/options.h", "watchdog/log_error.h", "watchdog/process_history.h", "watchdog/log/event_stage.h",
                          "watchdog/log/event_log.h", "watchdog/log/journal_log.h", "watchdog/sink/async_writer.h",
                          "watchdog/reporter.h", "shared", START_ERROR, *EVENT], ["asio", "fmt"], None),
    "watchdog": (["watchdog", "shared"], ["asio", "boost", "spdlog", "fmt", "cli"], None),
    "tests": (["tests", "watchdog", "shared", "agent"], [*LIBRARIES.keys() - {"python"}], None),
    # The only program that reads CPython's internal headers. It is compiled and run by a test only.
    "tests/rules/layout_offsets.c": ([], ["python"], None),
    # Extensions of CPython, which tests/peers/native_stacks builds and runs.
    "tests/peers/native/programs": ([], ["python"], None),
}
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.M)


def within(path, folder):
    return path == folder or path.startswith(folder + "/")


def rule_for(path):
    rows = [folder for folder in TABLE if within(path, folder)]
    return TABLE[max(rows, key=len)] if rows else None


def problem_with_own(root, included, folders):
    if not os.path.exists(os.path.join(root, included)):
        return "is not a path from the root of the repository"
    if not any(within(included, folder) for folder in folders):
        return f"is outside {', '.join(folders)}"
    return None


def problem_with_system(included, libraries, standard):
    if within(included, "agent") or within(included, "shared") or within(included, "watchdog"):
        return "is one of ours: use quotes"
    library = next((name for name, pattern in LIBRARIES.items() if pattern.match(included)), None)
    if library:
        return None if library in libraries else f"({library}) is not allowed here"
    if standard and included not in standard and not POSIX.fullmatch(included):
        return "is not among the standard headers allowed here, nor POSIX"
    return None


def problem_with_threads(path, included):
    if THREADS.fullmatch(included) and not any(within(path, folder) for folder in MAY_HAVE_THREADS):
        return "brings threads to a folder that .ci/run does not give to ThreadSanitizer"
    return None


def check_file(root, path):
    rule = rule_for(path)
    if rule is None:
        return [f"{path}: no rule for this folder"]
    folders, libraries, standard = rule
    problems = []
    with open(os.path.join(root, path), encoding="utf-8") as source:
        for own, system in INCLUDE.findall(source.read()):
            problem = (problem_with_own(root, own, folders) if own
                       else problem_with_system(system, libraries, standard) or problem_with_threads(path, system))
            if problem:
                problems.append(f"{path}: {own or system} {problem}")
    return problems


def sources(root):
    for top in ("shared", "agent", "watchdog", "tests"):
        for folder, _, names in os.walk(os.path.join(root, top)):
            for name in sorted(names):
                if name.endswith((".h", ".cc", ".c", ".cpp", ".hpp", ".S", ".inc")):
                    yield os.path.relpath(os.path.join(folder, name), root)


def check(root):
    return [problem for path in sources(root) for problem in check_file(root, path)]


if __name__ == "__main__":
    found = check(sys.argv[1])
    sys.exit("\n".join(found) or None)
