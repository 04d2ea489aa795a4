"""ASGI (uvicorn, Starlette, FastAPI, Django's asgi.py): the requests that are open in a thread.

    app = pyfault.hooks.asgi.Middleware(app)

Noted are the method and the path, `GET /orders/7?...`: no query string, no headers, no body.
"""

from __future__ import annotations

from typing import Any, Awaitable, Callable

from pyfault.hooks._requests import open_in_event_loop, request_line

__all__ = ["Middleware"]

_Application = Callable[[Any, Any, Any], Awaitable[None]]


class Middleware:
    """Wraps an ASGI application: the annotation `requests` lists what is open in the event loop.

    Many requests take turns in one thread, so the annotation does not say which of them crashed.
    Each is listed with the name of its asyncio task, `GET /a in Task-12`, if it has one; the report
    of a crash names the task that the thread was running. Each also leaves a breadcrumb as it begins. Costs
    a few microseconds for a request, and more if hundreds are open.
    """

    def __init__(self, app: _Application) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        path = scope.get("path", "")  # root_path is a part of it
        method = scope.get("method", "WEBSOCKET")
        with open_in_event_loop(request_line(method, path, bool(scope.get("query_string")))):
            await self._app(scope, receive, send)
