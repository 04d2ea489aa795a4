"""Compares stacks: ours with gdb's, with faulthandler's and py-bt's, and with the truth. Starts nothing."""
import re

FAULTHANDLER = re.compile(r'^  File (?:"(.*)"|\?\?\?), line (\d+|\?\?\?) in (.*)$', re.M)
PY_BT = re.compile(r'^  File "(.*)", line (\d+), in (\S+)', re.M)


def plain(name):
    """A function's name without what compilers, the C library and demanglers add to it: parameters and template
    arguments, the type of the result, versions, parts that were split off."""
    name = name.replace("(anonymous namespace)", "{anonymous}")
    shorter = None
    while shorter != name:
        shorter, name = name, re.sub(r"<[^<>]*>|\([^()]*\)", "", name)
    name = re.sub(r"(@|\.(cold|part|isra|constprop|llvm|lto_priv)\b| \[clone).*", "", name)
    name = re.sub(r"( const)?( ?&&?)?$", "", name)
    return re.sub(r"^(__GI_|__new_)", "", name.rpartition(" ")[2])


def native_entries(thread):
    return [entry for entry in thread["stack"] if entry.get("kind") == "native"]


def is_same(theirs, ours, same_death):
    is_inline = theirs["kind"] == "inline"
    if is_inline != ours["inlined"]:
        return False
    both_named = theirs["function"] and ours["function"]
    same_name = both_named and plain(theirs["function"]) == plain(ours["function"])
    if not same_death:
        return same_name
    return theirs["address"] == ours["address"] and (same_name or not is_inline)


def missing_frames(theirs, ours, same_death=True):
    """gdb's frames that are not among ours, in their order. Those that gdb infers from call sites have no place on
    the stack, and do not count. Of another death of the program only the frames with names can be compared."""
    missing, after = [], 0
    for frame in theirs:
        if frame["kind"] == "inferred" or (not same_death and not frame["function"]):
            continue
        index = next((index for index in range(after, len(ours)) if is_same(frame, ours[index], same_death)), None)
        if index is None:
            missing.append(frame)
        else:
            after = index + 1
    return missing


def named_otherwise(theirs, ours):
    """Pairs of names that gdb and we give the same frame, where they differ or ours lacks."""
    physical = {entry["address"]: entry["function"] for entry in reversed(ours) if not entry["inlined"]}
    return [(frame["function"], physical[frame["address"]]) for frame in theirs
            if frame["kind"] in ("normal", "signal") and frame["function"] and frame["address"] in physical
            and plain(frame["function"]) != plain(physical[frame["address"]] or "")]


def last_part(qualified):
    return qualified and qualified.rpartition(".")[2]


def python_frames(thread):
    """Of each frame: file, line, function; None for a gap."""
    frames = []
    for frame in thread["frames"]:
        known = (frame["file"], frame["line"], last_part(frame["function"])) if "file" in frame else None
        frames += [known] * (1 + (frame.get("repeat") or 0))
    return frames


def faulthandler_frames(text):
    """Of the thread that died."""
    section = re.search(r"^Current thread .*\n((?:  .*\n?)*)", text, re.M)
    frames = FAULTHANDLER.findall(section[1]) if section else []
    return [(file, int(line), last_part(function)) for file, line, function in frames if line != "???"]


def py_bt_frames(text):
    """Of the same thread; None if py-bt could not read them."""
    if text is None or "(unable to read" in text:
        return None
    return [(file, int(line), last_part(function)) for file, line, function in PY_BT.findall(text)] or None


def with_lines_of(ours, theirs):
    """Their frames with our lines, where file and function are ours."""
    mine = [(file, function) for file, _, function in filter(None, ours)]
    return ours if mine == [(file, function) for file, _, function in theirs] else theirs


def names(thread):
    """The entries of a stack as the truth is written: (kind, name, module)."""
    for entry in thread["stack"]:
        if entry.get("kind") == "python":
            yield "python", last_part(thread["frames"][entry["frame"]].get("function")), None
        elif entry.get("kind") == "native":
            yield "native", plain(entry["function"] or ""), (entry["module"] or "").rpartition("/")[2]


def stands_for(token, entry):
    kind, name, module = entry
    if token.startswith("("):
        return kind == "python" and name == token[1:-1]
    if token.startswith("@"):
        return kind == "native" and module.startswith((token[1:], "lib" + token[1:]))
    return kind == "native" and name == token


def follows(entries, tokens, may_skip_python=False):
    """Whether the tokens stand for entries in this order. Python frames are left over only where a token allows it."""
    if not tokens:
        return may_skip_python or all(entry[0] != "python" for entry in entries)
    if tokens[0] == "...":
        return follows(entries, tokens[1:], True)
    for index, entry in enumerate(entries):
        if stands_for(tokens[0], entry) and follows(entries[index + 1:], tokens[1:]):
            return True
        if entry[0] == "python" and not may_skip_python:
            return False
    return False


def is_in_order(thread, truth):
    return follows(list(names(thread)), truth.split(" <- "))
