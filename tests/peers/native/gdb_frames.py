"""Runs inside gdb: writes the frames of the thread that died, and what py-bt says of it, as one JSON object.

PEER_OUT      where to
PEER_BEGAN    the monotonic time at which gdb was started
PEER_PY_BT    CPython's extension for gdb, if there is one
Without a core file the program is run first.
"""
import json
import os
import time

import gdb

KINDS = {gdb.NORMAL_FRAME: "normal", gdb.INLINE_FRAME: "inline", gdb.TAILCALL_FRAME: "inferred",
         gdb.SIGTRAMP_FRAME: "signal"}


def frames():
    frame = gdb.newest_frame()
    while frame is not None:
        kind = KINDS.get(frame.type(), "other")
        yield {"address": f"{frame.pc():#x}", "function": frame.name(), "kind": kind}
        try:
            frame = frame.older()
        except gdb.error:
            return


def python_part():
    path = os.environ.get("PEER_PY_BT")
    if not path:
        return None
    try:
        gdb.execute(f"source {path}")
        return gdb.execute("py-bt", to_string=True)
    except Exception as error:  # gdb's, or one of the extension
        return f"(unable to read: {type(error).__name__}: {error})"


for setting in ("pagination off", "backtrace past-main on", "backtrace limit unlimited"):
    gdb.execute(f"set {setting}")
if gdb.selected_inferior().pid == 0:
    gdb.execute("run")
found = {"frames": list(frames()), "seconds": time.monotonic() - float(os.environ["PEER_BEGAN"])}
found["python"] = python_part()
with open(os.environ["PEER_OUT"], "w", encoding="utf-8") as file:
    json.dump(found, file, indent=1)
