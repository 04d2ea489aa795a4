"""Attributes of other people's classes that are replaced, and put back."""

from __future__ import annotations

from typing import Any, List, Tuple

_ABSENT = object()


class Patches:
    """What one hook has replaced. True if it has replaced anything."""

    def __init__(self) -> None:
        self._replaced: List[Tuple[Any, str, Any]] = []

    def __bool__(self) -> bool:
        return bool(self._replaced)

    def replace(self, owner: Any, name: str, value: Any) -> None:
        self._replaced.append((owner, name, vars(owner).get(name, _ABSENT)))
        setattr(owner, name, value)

    def undo(self) -> None:
        while self._replaced:
            owner, name, before = self._replaced.pop()
            if before is _ABSENT:
                delattr(owner, name)
            else:
                setattr(owner, name, before)
