#!/usr/bin/env python3
"""What is in the wheel is small, complete, and runs where its name says. usage: contents_test.py BUILD_FOLDER"""
import base64
import configparser
import csv
import hashlib
import io
import os
import re
import sys
import tempfile
import unittest
import zipfile

import built_wheel

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path += [os.path.join(ROOT, "agent", "python"), os.path.join(ROOT, "tests", "rules")]
import glibc_floor
import make_wheel

MAX_BYTES = 4_000_000
ELF = b"\x7fELF"


class Contents(unittest.TestCase):
    def setUp(self):
        self.path = built_wheel.find(build)
        self.archive = zipfile.ZipFile(self.path)
        self.addCleanup(self.archive.close)

    def text(self, name):
        (place,) = [each for each in self.archive.namelist() if each.endswith(f".dist-info/{name}")]
        return self.archive.read(place).decode()

    def test_it_is_small(self):
        self.assertLess(os.path.getsize(self.path), MAX_BYTES)

    def test_no_file_asks_for_a_later_libc_than_its_name_says(self):
        floor = re.search(r"manylinux_(\d+)_(\d+)_", os.path.basename(self.path))
        with tempfile.TemporaryDirectory() as scratch:
            self.archive.extractall(scratch)
            binaries = [name for name in self.archive.namelist() if self.archive.read(name).startswith(ELF)]
            problems = [problem for name in binaries
                        for problem in glibc_floor.check(os.path.join(scratch, name), f"{floor[1]}.{floor[2]}")]
        self.assertEqual(problems, [])
        self.assertEqual(len(binaries), 5)

    def test_its_name_has_the_tags_that_are_in_it(self):
        tags = re.findall(r"^Tag: (.*)$", self.text("WHEEL"), re.M)
        self.assertEqual(sorted(tags), sorted(make_wheel.tags_of(self.path[:-len(".whl")].split("-", 2)[2])))

    def test_its_record_has_every_file_as_it_is(self):
        record = {place: digest for place, digest, _ in csv.reader(io.StringIO(self.text("RECORD")))}
        self.assertEqual(sorted(record), sorted(self.archive.namelist()))
        for place, digest in record.items():
            if not place.endswith("/RECORD"):
                found = base64.urlsafe_b64encode(hashlib.sha256(self.archive.read(place)).digest())
                self.assertEqual(digest, f"sha256={found.decode().rstrip('=')}", place)

    def test_programs_are_executable(self):
        for name in ("_native/bin/pyfault-watchdog", "_native/lib/pyfault-watchdog/pyfault-symbolizer"):
            self.assertTrue(self.archive.getinfo(f"pyfault/{name}").external_attr >> 16 & 0o111, name)

    # A plugin that is missing would end every run of pytest in the environment.
    def test_every_entry_point_is_there(self):
        parsed = configparser.ConfigParser()
        parsed.optionxform = str
        parsed.read_string(self.text("entry_points.txt"))
        for group in parsed.sections():
            for name, target in parsed.items(group):
                module = target.split(":")[0].replace(".", "/")
                self.assertIn(f"{module}.py", self.archive.namelist(), f"{group}: {name}")

    def test_the_same_files_make_the_same_wheel(self):
        with tempfile.TemporaryDirectory() as scratch:
            made = []
            for folder in ("one", "other"):
                path = make_wheel.make(os.path.join(scratch, folder), "1", "cp38-abi3-any", [("pyfault/x.py", __file__)])
                with open(path, "rb") as wheel:
                    made.append(wheel.read())
        self.assertEqual(*made)


if __name__ == "__main__":
    build = sys.argv.pop(1)
    unittest.main()
