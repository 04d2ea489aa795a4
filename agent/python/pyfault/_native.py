"""Where the agent and the watchdog lie: in the package itself, beside it, or installed."""

from __future__ import annotations

import os
import sys
from typing import Iterator, NoReturn

from pyfault import _pyfault

# A frozen module has no file, but an extension module has one everywhere.
_PACKAGE = os.path.dirname(os.path.abspath(_pyfault.__file__))
# Within any installation of pyfault-watchdog.
_AGENT = os.path.join("lib", "pyfault-watchdog", "libpyfault_agent.so")
_WATCHDOG = os.path.join("bin", "pyfault-watchdog")


def _above(levels: int) -> str:
    return os.path.normpath(os.path.join(_PACKAGE, *[os.pardir] * levels))


def _installations() -> Iterator[str]:
    yield os.path.join(_PACKAGE, "_native")  # a wheel's
    yield _above(3)  # that of lib/python/pyfault: a build folder's
    yield _above(4)  # that of lib/python3/dist-packages/pyfault: Debian's
    import shutil  # takes long, and is hardly ever needed

    watchdog = shutil.which("pyfault-watchdog")
    if watchdog:
        yield os.path.dirname(os.path.dirname(os.path.realpath(watchdog)))


def _installation() -> str:
    """The first that has both: agent and watchdog understand each other if they were built together."""
    tried = []
    for place in _installations():
        if all(os.path.isfile(os.path.join(place, part)) for part in (_AGENT, _WATCHDOG)):
            return place
        tried.append(place)
    raise FileNotFoundError(
        f"there is no {_AGENT} with {_WATCHDOG} in {', '.join(tried)}, nor where PATH has "
        "pyfault-watchdog: reinstall pyfault"
    )


def agent_path() -> str:
    """Returns the path of the agent. Raises FileNotFoundError, which says where it was sought."""
    return os.path.join(_installation(), _AGENT)


def preloadable_agent() -> str:
    """Returns agent_path(), or a link to it if LD_PRELOAD, which has no quotes, cannot name that.

    The link stays, because programs that run longer may start others. Raises OSError if there is no
    place for it where no other user can put files: what lies there is loaded with this user's rights.
    """
    agent = agent_path()
    if not set(": $").intersection(agent):
        return agent
    folder = _folder_for_links()
    os.makedirs(folder, mode=0o755, exist_ok=True)
    state = os.stat(folder)
    if state.st_uid != os.geteuid() or state.st_mode & 0o022 or set(": $").intersection(folder):
        raise PermissionError(f"LD_PRELOAD cannot name {agent}, and {folder} is no place for a link")
    link = os.path.join(folder, f"{os.fsencode(agent).hex()[-200:]}.so")
    try:
        os.symlink(agent, link)
    except FileExistsError:
        if os.readlink(link) != agent:
            raise
    return link


def _folder_for_links() -> str:
    """Where the watchdog puts such links too (watchdog/supervise/agent_environment.cc)."""
    if os.geteuid() == 0:
        return "/run/pyfault-watchdog-agent"
    runtime = os.environ.get("XDG_RUNTIME_DIR") or os.path.expanduser("~/.cache")
    return os.path.join(runtime, "pyfault-watchdog")


def watchdog_path() -> str:
    """Returns the path of the watchdog. Raises FileNotFoundError like agent_path()."""
    return os.path.join(_installation(), _WATCHDOG)


def become_program() -> NoReturn:
    """What the wheel's commands do, pyfault-watchdog and pyfaultctl: one program is both, by the
    name that it is called by."""
    os.execv(watchdog_path(), sys.argv)
