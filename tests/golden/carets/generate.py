"""Records where the traceback module of the interpreter that runs this puts its marks, as VERSION.txt.

Every expression and statement in lines.txt is used as the range of a frame. A row has four fields,
separated by tabs: column and end column (in bytes), the marks, and the source line. Lines that the version
cannot parse are left out, and so are wide characters in 3.11, which counted them as one column.
"""

import ast
import linecache
import pathlib
import sys
import textwrap
import traceback
import unicodedata

HERE = pathlib.Path(__file__).parent


def is_wide(line):
    return any(unicodedata.east_asian_width(c) in "WF" for c in line)


def parse(line):
    source = textwrap.dedent(line)
    wrapped = "async def f():\n  " + source if "await" in source else "def f():\n  " + source
    if source.startswith("@"):
        wrapped = source + "\ndef f(): pass"
    return ast.parse(wrapped), 0 if source.startswith("@") else 2


def ranges(line):
    tree, added = parse(line)
    moved = len(line) - len(line.lstrip()) - added
    wanted = 1 if added == 0 else 2
    for node in ast.walk(tree):
        if getattr(node, "lineno", None) == wanted == node.end_lineno:
            yield node.col_offset + moved, node.end_col_offset + moved


def marks(line, column, end_column):
    linecache.cache["line.py"] = (len(line) + 1, None, [line + "\n"], "line.py")
    frame = traceback.FrameSummary("line.py", 1, "f", lookup_line=False, end_lineno=1,
                                   colno=column, end_colno=end_column)
    printed = traceback.StackSummary.from_list([frame]).format()[0].splitlines()
    return printed[2][4:] if len(printed) > 2 else ""


def main():
    version = "%d.%d" % sys.version_info[:2]
    rows = []
    for line in (HERE / "lines.txt").read_text(encoding="utf-8").splitlines():
        if version == "3.11" and is_wide(line):
            continue
        try:
            found = sorted(set(ranges(line)))
        except SyntaxError:
            continue
        rows += [f"{begin}\t{end}\t{marks(line, begin, end)}\t{line}\n" for begin, end in found]
    (HERE / f"{version}.txt").write_text("".join(rows), encoding="utf-8")


main()
