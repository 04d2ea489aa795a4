"""How this interpreter was started."""

from __future__ import annotations

import os
import sys
from typing import List, Optional


def words_before_module(name: str) -> Optional[List[str]]:
    """The words between the interpreter and `-m name`, as they were given; None if it runs another
    module. Requires that it runs a module, and that sys.argv is as it was."""
    given = _given_words()
    at = len(given) - len(sys.argv)  # of the word that ends with the module
    if at < 1 or not given[at].endswith(name):
        return None
    flag = given[at][: -len(name)]
    if flag:  # -mpyfault, -umpyfault
        before = given[1:at]
    else:
        before, flag = given[1 : at - 1], given[at - 1]
    if flag == "-m":
        return before
    return before + [flag[:-1]] if flag.startswith("-") and flag.endswith("m") else None


def _given_words() -> List[str]:
    words: Optional[List[str]] = getattr(sys, "orig_argv", None)  # from 3.10 on
    if words is None:
        with open("/proc/self/cmdline", "rb") as file:
            words = [os.fsdecode(word) for word in file.read().split(b"\0")[:-1]]
    return words
