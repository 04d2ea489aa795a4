"""What a thread is at: the one request or task, or the several that take turns in it."""

from __future__ import annotations

import threading
from typing import Any, Callable, Dict, Generic, List, Mapping, Optional, TypeVar

from pyfault._pyfault import annotate

_T = TypeVar("_T")

# As much as an annotation holds (kMaxAnnotationValue in shared/context.h).
_MAX_VALUE = 1024

# Between annotate() and the entry of its `with` block, the annotation holds for all threads.
_entering = threading.Lock()


class _Thread(threading.local, Generic[_T]):
    def __init__(self) -> None:
        self.open: Dict[Optional[object], _T] = {}
        self.annotation: Any = None


class Activities(Generic[_T]):
    """Activities of one kind, in all threads; each begins and ends in the same thread.

    What is open in a thread is annotated for this thread, as `describe` says: it turns the open
    activities, oldest first, into annotations. So with greenlets or coroutines, where several are
    open, the annotation says that they are; which of them runs is not known.
    """

    def __init__(self, describe: Callable[[List[_T]], Mapping[str, str]]) -> None:
        self._describe = describe
        self._thread: _Thread[_T] = _Thread()

    def begin(self, activity: _T) -> object:
        """Returns what end() takes."""
        token = object()
        self._thread.open[token] = activity
        self._annotate()
        return token

    def end(self, token: Optional[object]) -> None:
        """Does nothing if it has ended, or was begun in another thread."""
        if token in self._thread.open:
            del self._thread.open[token]
            self._annotate()

    def _annotate(self) -> None:
        thread = self._thread
        if thread.annotation is not None:
            thread.annotation.__exit__(None, None, None)
            thread.annotation = None
        if thread.open:
            with _entering:
                annotation = annotate(**self._describe(list(thread.open.values())))
                thread.annotation = annotation.__enter__()


def listed(texts: List[str]) -> str:
    """Says how many there are, and which, oldest first, as far as there is room."""
    text = f"{len(texts)} open: {'; '.join(texts)}"
    return text if len(text.encode("utf-8", "replace")) <= _MAX_VALUE else text[: _MAX_VALUE // 4]
