#!/usr/bin/env python3
"""The agent's tables of instructions against CPython's headers. usage: object_opcodes.py PRINT_LAYOUTS | --show INCLUDE...

An instruction is in the table (Opcodes in agent/cpython/python_layout.h) if the C function that it calls returns an
object, or null and an exception. Headers are looked for where layout_tables.py does. Exits with 77 (skipped) if there
are none. With --show, prints what the tables of these headers should be.
"""
import os
import re
import subprocess
import sys

import layout_tables

# With what the interpreter derives from them: specialised and instrumented instructions.
RETURN_OBJECTS = re.compile(r"""(INSTRUMENTED_)?(
    CALL | CALL_KW | CALL_FUNCTION(_KW|_EX)? | CALL_METHOD | PRECALL | CALL_INTRINSIC_[12]
  | (PRE)?CALL_(?!FINALLY|FUNCTION|INTRINSIC).*
  | BINARY_.* | INPLACE_.* | UNARY_(NEGATIVE|POSITIVE|INVERT)
  | LOAD_(SUPER_)?ATTR.* | LOAD_METHOD.* | COMPARE_OP.* | GET_ITER | FOR_ITER.*
  | FORMAT_.* | CONVERT_VALUE | SETUP_WITH | BEFORE_WITH | WITH_EXCEPT_START | WITH_CLEANUP_START | LIST_EXTEND
)""", re.X)
# What is called here returns a number. Up to 3.8, COMPARE_OP does what CONTAINS_OP does later; from 3.13 on, it also asks
# for the truth value of what the comparison has returned.
RETURN_NUMBERS = re.compile(r".*(ISINSTANCE|_LEN|LIST_APPEND)$")
DEFINITION = re.compile(r"#define (\w+)\s+\(?(\d+)\)?\s*$", re.M)


def opcodes_of(include):
    """Returns {name: number} of the instructions that one version has."""
    for header in ("opcode_ids.h", "opcode.h"):
        path = os.path.join(include, header)
        if os.path.exists(path):
            with open(path, encoding="utf-8") as text:
                return {name: int(number) for name, number in DEFINITION.findall(text.read()) if int(number) < 256}
    return {}


def minor_of(include):
    with open(os.path.join(include, "patchlevel.h"), encoding="utf-8") as text:
        return int(re.search(r"PY_MINOR_VERSION\s+(\d+)", text.read()).group(1))


def returns_object(name, minor):
    if name == "COMPARE_OP" and (minor == 8 or minor >= 13):
        return False
    return bool(RETURN_OBJECTS.fullmatch(name)) and not RETURN_NUMBERS.match(name)


def expected(include):
    minor = minor_of(include)
    return sorted(number for name, number in opcodes_of(include).items() if returns_object(name, minor))


def ranges(numbers):
    found = []
    for number in numbers:
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return found


def tables(print_layouts):
    """Returns {minor: (EXTENDED_ARG, opcodes in the table)}."""
    lines = subprocess.run([print_layouts, "opcodes"], check=True, capture_output=True, text=True).stdout.splitlines()
    rows = [[int(word) for word in line.split()] for line in lines]
    return {minor: (extended, numbers) for minor, extended, *numbers in rows}


def check(table, folder):
    extended, numbers = table
    wanted = expected(folder)
    if numbers != wanted:
        yield f"{folder}: the table has {ranges(numbers)}, the headers have {ranges(wanted)}"
    if extended != opcodes_of(folder)["EXTENDED_ARG"]:
        yield f"{folder}: EXTENDED_ARG is not {extended}"


def main(print_layouts):
    known = tables(print_layouts)
    found = layout_tables.header_sets(known)
    problems = [problem for minor, folder in found for problem in check(known[minor], folder)]
    return "\n".join(problems) or (None if found else layout_tables.SKIPPED)


if __name__ == "__main__":
    if sys.argv[1] == "--show":
        for include in sys.argv[2:]:
            print(minor_of(include), opcodes_of(include)["EXTENDED_ARG"], ranges(expected(include)))
        sys.exit()
    sys.exit(main(sys.argv[1]))
