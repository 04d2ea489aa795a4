"""Django: the request that a thread is at.

    MIDDLEWARE = ["pyfault.hooks.django.middleware", ...]

The first place is best. Noted are the method and the path, `GET /orders/7?...`: no query string,
no headers, no body.
"""

from __future__ import annotations

import asyncio
import inspect
import sys
from typing import Any, Callable

from pyfault._pyfault import breadcrumb
from pyfault.hooks._requests import open_in_event_loop, request_line, requests

__all__ = ["middleware"]


def middleware(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """As pyfault.hooks.wsgi.Middleware under WSGI, and as pyfault.hooks.asgi.Middleware under ASGI.

    A streaming response is made after the request is closed here.
    """
    if _is_async(get_response):
        return _asynchronous(get_response)
    return _synchronous(get_response)


# Django asks the middleware for these.
middleware.sync_capable = True  # type: ignore[attr-defined]
middleware.async_capable = True  # type: ignore[attr-defined]


def _is_async(function: Any) -> bool:
    """Also of what asgiref has marked as a coroutine function."""
    if sys.version_info >= (3, 12):
        return inspect.iscoroutinefunction(function)
    return asyncio.iscoroutinefunction(function)


def _synchronous(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def note_request(request: Any) -> Any:
        line = _request_line(request)
        breadcrumb(line)
        token = requests.begin(line)
        try:
            return get_response(request)
        finally:
            requests.end(token)

    return note_request


def _asynchronous(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
    async def note_request(request: Any) -> Any:
        with open_in_event_loop(_request_line(request)):
            return await get_response(request)

    return note_request


def _request_line(request: Any) -> str:
    return request_line(request.method or "", request.path, bool(request.META.get("QUERY_STRING")))
