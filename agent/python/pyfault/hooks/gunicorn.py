"""gunicorn: server hooks for its configuration file, gunicorn.conf.py.

    from pyfault.hooks.gunicorn import *

The arbiter watches itself and with it the workers that it forks, unless it is watched already
(`python -m pyfault -m gunicorn ...`, PYFAULT=1, a service of pyfault-watchdog). A worker notes
which one it is (annotation `worker`), the request that each of its threads is at (`request`), and
its heartbeats. When the arbiter gives up on a worker, WORKER TIMEOUT, it sends SIGABRT, and the
agent records the stacks before gunicorn's handler runs: so this needs no hook.

If you have hooks of your own of these names, call these from them.
"""

from __future__ import annotations

from typing import Any

import pyfault
from pyfault.hooks._requests import request_line, requests

__all__ = ["on_starting", "post_fork", "pre_request", "post_request"]


def on_starting(server: Any) -> None:
    """In the arbiter, before it loads the application with --preload."""
    try:
        pyfault.enable()
    except pyfault.Unwatched as error:
        server.log.warning("pyfault: the workers are not watched: %s", error)


def post_fork(server: Any, worker: Any) -> None:
    """Makes each notice of life to the arbiter a pyfault.heartbeat(), too."""
    pyfault.annotate(worker=f"gunicorn {type(worker).__name__} {worker.age}")
    notify = worker.notify

    def notify_with_heartbeat() -> None:
        pyfault.heartbeat()
        notify()

    worker.notify = notify_with_heartbeat


def pre_request(worker: Any, req: Any) -> None:
    """`req` is a gunicorn.http.message.Request."""
    line = request_line(req.method or "", req.path or "", bool(req.query))
    pyfault.breadcrumb(line)
    req.pyfault_token = requests.begin(line)


def post_request(worker: Any, req: Any, environ: Any, resp: Any) -> None:
    requests.end(getattr(req, "pyfault_token", None))
