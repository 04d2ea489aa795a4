"""Rates a reported stack against the true one.

complete  every frame, its file, line and function
altered   the true frames, but with a wrong text or line, because its bytes in memory were overwritten
partial   correct as far as it goes, with a mark where something is missing
doubted   of native stacks: a search has found frames of calls that had ended, and the report says that it may have; or
          the word that overwrote a return address is a valid return address too, so no unwinder can see it
wrong     a frame that does not belong to this stack, or a missing part that is not marked
missing   no frame at all

The true native stack is that of a run in which nothing was overwritten, with the Python frames between the native ones.
"""
import re

FIELDS = ("file", "line", "function")
GAP = "gap"
PRINTED = re.compile(r'  File (?:"(.*)"|\?\?\?), line (\d+|\?\?\?) in (.*)')


def same_frame(seen, true):
    if "code" in seen:
        return seen["code"] == true["code"]
    return sum(seen[field] in (true[field], None) for field in FIELDS) >= 2


def aligned(seen, true):
    """Returns each frame seen, but for gaps, with the true one in its place; None if they are not the same ones."""
    if not seen:
        return None if true else []
    first, *others = seen
    if first is GAP:
        rests = (aligned(others, true[skipped:]) for skipped in range(len(true) + 1))
        return next((rest for rest in rests if rest is not None), None)
    if not true or not (first is None or same_frame(first, true[0])):
        return None
    rest = aligned(others, true[1:])
    return None if rest is None else [(first, true[0]), *rest]


def compare(seen, true):
    """`seen` lists frames, with None for one of which nothing is known, and GAP where the report marks that any number
    may be missing, also at the end."""
    if not [frame for frame in seen if frame not in (None, GAP)]:
        return "missing"
    pairs = aligned(seen, true)
    if pairs is None:
        return "wrong"
    known = [(frame, expected) for frame, expected in pairs if frame]
    if any(frame[field] not in (expected[field], None) for frame, expected in known for field in FIELDS):
        return "altered"
    is_whole = len(known) == len(seen) and all(None not in frame.values() for frame, _ in known)
    return "complete" if is_whole else "partial"


def crash_of(events):
    return next((event for event in events if event["event"] == "crash" and event["threads"]), None)


def of_events(events, true):
    crash = crash_of(events)
    if crash is None:
        return "missing"
    seen = []
    for frame in crash["threads"][0]["frames"]:
        if "file" not in frame:
            seen.append(GAP)
            continue
        doubted = frame.get("overwritten", ())  # the report marks these names itself
        known = {**{field: frame[field] for field in (*FIELDS, "code")}, **dict.fromkeys(doubted)}
        seen += [None if len(doubted) == 2 else known] * (1 + (frame.get("repeat") or 0))
    return compare(seen, true)


def merged_stack(thread):
    """What can be compared of it: of native frames (module, offset, function, trust, address); of Python frames the
    number, from the innermost on, folded ones counted. Empty if nothing is known of it."""
    numbers, count = [], 0
    for frame in thread["frames"]:
        numbers.append(count)
        count += 1 + (frame.get("repeat") or 0)
    for entry in thread["stack"] or ():
        if entry.get("kind") == "python":
            yield numbers[entry["frame"]]
        elif entry.get("kind") == "native" and not entry["inlined"]:
            yield entry["module"], entry["offset"], entry["function"], entry["trust"], entry["address"]


def is_native(entry):
    return isinstance(entry, tuple)


def same_entry(seen, true):
    if not is_native(seen) or not is_native(true):
        return seen == true
    return seen[:2] == true[:2] and seen[2] in (true[2], None)


def fit(seen, true, planted, may_be_stale=False):
    """Returns "part" if all that is seen is in the true list, in this order; "doubted" if all but the first frames that
    a search has found, or that a planted return address leads to; else "wrong". The first one may also look like a frame
    further out, by chance."""
    if not seen:
        return "part"
    entry, *others = seen
    is_doubtful = is_native(entry) and (entry[3] == "scan" or entry[4] in planted)
    may_be_stale |= is_doubtful
    found = next((here for here, each in enumerate(true) if same_entry(entry, each)), None)
    if found is not None:
        fitting = fit(others, true[found + 1:], planted, may_be_stale and not is_native(entry))
        if fitting != "wrong" or not is_doubtful:
            return fitting
    if not is_native(entry) or not may_be_stale or fit(others, true, planted, True) == "wrong":
        return "wrong"
    return "doubted"


def of_native(events, true, planted=()):
    """`true` is the merged stack of a run in which nothing was overwritten; `planted` are the words with which something
    was, in hexadecimal."""
    crash = crash_of(events)
    thread = crash and crash["threads"][0]
    seen = list(merged_stack(thread)) if thread else []
    native = [index for index, entry in enumerate(seen) if is_native(entry)]
    if not native:
        return "missing"
    is_complete = thread["native"]["complete"]
    if thread["native"]["merged_by"] == "none":
        seen = [seen[index] for index in native]
    elif not is_complete:
        seen = seen[:native[-1] + 1]  # behind it are Python frames that have no place, which the report says
    fitting = fit(seen, true, planted)
    if fitting != "part":
        return fitting
    if len(native) == sum(map(is_native, true)):
        return "complete"
    return "wrong" if is_complete else "partial"


def of_faulthandler(text, true):
    """Judges the stack that faulthandler printed for the current thread."""
    seen = []
    section = re.search(r"^Current thread .*\n((?:  .*\n?)*)", text, re.M)
    for line in section[1].splitlines() if section else ():
        match = PRINTED.fullmatch(line)
        known = lambda value: None if value in (None, "???") else value  # noqa: E731
        seen.append({"file": known(match[1]), "line": known(match[2]) and int(match[2]),
                     "function": known(match[3])} if match else GAP)
    true = [{**frame, "function": frame["function"].rpartition(".")[2]} for frame in true]
    return compare(seen, true)
