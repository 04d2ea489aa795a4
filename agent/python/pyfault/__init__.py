"""Tracebacks for Python programs that die in native code, from outside the dying process.

    import pyfault
    pyfault.enable()

From then on a watchdog, a process of its own, reports a crash of this process or of a child that it
forks: SIGSEGV, SIGABRT, a stack overflow and the like, with the stacks of all threads. It also
reports how the process ended, if it was killed. `python -m pyfault app.py` does the same from the
first line on, and for all child processes; so does PYFAULT=1 in the environment.

What the functions here say and ask goes through shared memory or a local socket. None of them
blocks for longer than its documentation says, and a watchdog that is stopped or gone does no harm.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING

if globals()["__spec__"].origin == "frozen":
    # Its code is in the program; what cannot be frozen lies in a folder beside that.
    __path__ = [os.path.join(os.path.dirname(os.path.realpath(sys.executable)), "pyfault")]

try:
    import pyfault._pyfault
except ModuleNotFoundError as error:
    raise ImportError(
        f"there is no _pyfault that this interpreter can load in {__path__}: _pyfault.abi3.so and "
        "_native beside it must be files in a folder, not in an archive (zipapp) or in the program "
        "(frozen); free-threaded interpreters cannot load it"
    ) from error

from pyfault._door import Status, Unwatched, disable, dump, enable, is_enabled, status
from pyfault._pyfault import Fault, annotate, breadcrumb, guard, heartbeat, tainted

os.register_at_fork(after_in_child=pyfault._pyfault.continue_after_fork)

if TYPE_CHECKING:
    from pyfault import crashes
    from pyfault._remote_crash import RemoteCrash
    from pyfault.crashes import last_crash, last_crashes
else:
    # Imported when they are asked for: most programs never do, and each of their starts would wait.
    _LATER = {
        "RemoteCrash": "pyfault._remote_crash",
        "last_crash": "pyfault.crashes",
        "last_crashes": "pyfault.crashes",
    }

    def __getattr__(name):
        if name == "crashes":
            return import_module("pyfault.crashes")
        if name not in _LATER:
            raise AttributeError(f"module 'pyfault' has no attribute '{name}'")
        globals()[name] = value = getattr(import_module(_LATER[name]), name)
        return value


__all__ = [
    "Fault",
    "RemoteCrash",
    "Status",
    "Unwatched",
    "annotate",
    "breadcrumb",
    "crashes",
    "disable",
    "dump",
    "enable",
    "guard",
    "heartbeat",
    "is_enabled",
    "last_crash",
    "last_crashes",
    "status",
    "tainted",
]
