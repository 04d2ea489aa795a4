#!/usr/bin/env python3
"""Makes a wheel of the package, which pip installs without building anything.

usage: make_wheel.py --output FOLDER --version VERSION --tag TAG PLACE=FILE...

Each FILE goes to PLACE in the wheel. The same files give the same wheel, byte for byte; SOURCE_DATE_EPOCH is the date of
all that is in it.
"""
from __future__ import annotations

import argparse
import base64
import hashlib
import os
import time
import zipfile
from typing import Iterable, List, Tuple

WHEEL = """\
Wheel-Version: 1.0
Generator: pyfault make_wheel
Root-Is-Purelib: false
"""

EARLIEST = 315532800  # a ZIP archive knows no date before 1980


def tags_of(tag: str) -> List[str]:
    """All tags that a compressed one stands for: cp38-abi3-a.b is cp38-abi3-a and cp38-abi3-b."""
    python, abi, platforms = tag.split("-")
    return [f"{python}-{abi}-{platform}" for platform in platforms.split(".")]


def read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


class Wheel:
    """A wheel that is being written."""

    def __init__(self, path: str) -> None:
        date = max(int(os.environ.get("SOURCE_DATE_EPOCH", EARLIEST)), EARLIEST)
        self._date = time.gmtime(date)[:6]
        self._archive = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9)
        self._record: List[str] = []

    def add(self, place: str, content: bytes, executable: bool = False) -> None:
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        self._record.append(f"{place},sha256={digest},{len(content)}\n")
        self._write(place, content, executable)

    def _write(self, place: str, content: bytes, executable: bool) -> None:
        entry = zipfile.ZipInfo(place, self._date)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = (0o100755 if executable else 0o100644) << 16
        self._archive.writestr(entry, content)

    def finish(self, place: str) -> None:
        """Writes the record of everything at `place`, where it is named without a digest."""
        self._write(place, "".join([*self._record, f"{place},,\n"]).encode(), executable=False)
        self._archive.close()


def make(output: str, version: str, tag: str, sources: Iterable[Tuple[str, str]]) -> str:
    """Returns the path of the wheel, which replaces older ones. `sources`: pairs of a place and a file."""
    name = f"pyfault-{version}"
    info = f"{name}.dist-info"
    os.makedirs(output, exist_ok=True)
    for old in os.listdir(output):
        if old.startswith("pyfault-") and old.endswith(".whl"):
            os.remove(os.path.join(output, old))
    path = os.path.join(output, f"{name}-{tag}.whl")
    wheel = Wheel(path)
    for place, file in sorted(sources):
        wheel.add(place, read(file), executable=os.access(file, os.X_OK))
    wheel.add(f"{info}/WHEEL", (WHEEL + "".join(f"Tag: {each}\n" for each in tags_of(tag))).encode())
    wheel.finish(f"{info}/RECORD")
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for option in ("--output", "--version", "--tag"):
        parser.add_argument(option, required=True)
    parser.add_argument("sources", metavar="PLACE=FILE", nargs="+")
    words = parser.parse_args()
    sources = [(place, file) for place, file in (source.split("=", 1) for source in words.sources)]
    made = make(words.output, words.version, words.tag, sources)
    print(f"{made}: {os.path.getsize(made)} bytes")


if __name__ == "__main__":
    main()
