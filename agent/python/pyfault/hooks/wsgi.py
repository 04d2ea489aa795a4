"""WSGI: the request that a thread is at, as the annotation `request`.

    application = pyfault.hooks.wsgi.Middleware(application)

Noted are the method and the path, `GET /orders/7?...`: no query string, no headers, no body.
"""

from __future__ import annotations

from typing import Any, Callable, Iterable, Iterator, Optional

from pyfault._pyfault import breadcrumb
from pyfault.hooks._requests import request_line, requests

__all__ = ["Middleware"]


class Middleware:
    """Wraps a WSGI application. Leaves a breadcrumb for each request as it begins, too.

    A request is open until its response is there; for a response that is made bit by bit, until
    the server closes it. If several are open in one thread (greenlets), the annotation is
    `requests`, and lists them. Costs a few microseconds for a request.
    """

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self._application = application

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        line = _request_line(environ)
        breadcrumb(line)
        token = requests.begin(line)
        try:
            response = self._application(environ, start_response)
        except BaseException:
            requests.end(token)
            raise
        if _is_made(response, environ):
            requests.end(token)
            return response
        return _Response(response, token)


class _Response:
    """A response that is yet to be made, during which the request is open."""

    def __init__(self, response: Iterable[bytes], token: object) -> None:
        self._response = response
        self._token = token

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._response)

    def close(self) -> None:
        try:
            close: Optional[Callable[[], None]] = getattr(self._response, "close", None)
            if close is not None:
                close()
        finally:
            requests.end(self._token)


def _request_line(environ: Any) -> str:
    path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    try:
        path = path.encode("latin-1").decode("utf-8", "replace")  # PEP 3333
    except UnicodeEncodeError:
        pass
    return request_line(environ.get("REQUEST_METHOD", ""), path, bool(environ.get("QUERY_STRING")))


def _is_made(response: Iterable[bytes], environ: Any) -> bool:
    """A file is left to the server as it is, which may hand it to sendfile()."""
    wrapper = environ.get("wsgi.file_wrapper")
    return isinstance(response, (list, tuple)) or (
        isinstance(wrapper, type) and isinstance(response, wrapper)
    )
