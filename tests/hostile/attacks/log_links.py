"""A log in the user's own directory becomes a link to a file that only root could write."""
import contextlib
import ctypes
import os
import shutil
import time

log, target, home = os.environ["HOSTILE_LOG"], os.environ["HOSTILE_TARGET"], os.environ["HOSTILE_HOME"]


def wait_for_crashes():
    for _ in range(3):
        if os.fork() == 0:
            ctypes.memset(0, 1, 1)
        os.wait()
        time.sleep(0.2)


def as_link():
    os.symlink(target, log)


def as_link_to_a_link():
    os.symlink(target, log + "2")
    os.symlink(log + "2", log)


def as_hard_link():
    os.link(os.environ["HOSTILE_SECRET"], log)


def as_fifo():
    os.mkfifo(log)


def as_folder():
    os.mkdir(log)


def by_way_of_the_folder():
    os.rename(home, home + "2")  # now contains the log
    os.symlink(os.path.dirname(target), home)
    wait_for_crashes()
    os.unlink(home)
    os.rename(home + "2", home)


ways = [as_link, as_link_to_a_link, as_hard_link, as_fifo, as_folder, by_way_of_the_folder]
for way in ways:
    for old in (log, log + "2"):
        with contextlib.suppress(OSError):
            shutil.rmtree(old) if os.path.isdir(old) else os.unlink(old)
    with contextlib.suppress(OSError):
        way()
    wait_for_crashes()
for old in (log, log + "2"):
    with contextlib.suppress(OSError):
        shutil.rmtree(old) if os.path.isdir(old) else os.unlink(old)
wait_for_crashes()  # with an ordinary log again
open(os.environ["HOSTILE_TRIES"], "w").write(str(len(ways)))
