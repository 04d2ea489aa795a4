"""Rates a reported stack against the true one.

complete  every frame, its file, line and function
altered   the true frames, but with a wrong text or line, because its bytes in memory were overwritten
partial   correct as far as it goes, with a mark where something is missing
wrong     a frame that does not belong to this stack, or a missing part that is not marked
missing   no frame at all
"""
import re

FIELDS = ("file", "line", "function")
PRINTED = re.compile(r'  File (?:"(.*)"|\?\?\?), line (\d+|\?\?\?) in (.*)')


def same_frame(seen, true):
    if "code" in seen:
        return seen["code"] == true["code"]
    return sum(seen[field] in (true[field], None) for field in FIELDS) >= 2


def compare(seen, true):
    """`seen` lists frames, with None where the report marks a gap, and at the end if the report says that it is cut
    off."""
    if not [frame for frame in seen if frame]:
        return "missing"
    partial = None in seen
    altered = False
    for frame, expected in zip(seen, true):
        if frame is None:
            continue
        if not same_frame(frame, expected):
            return "wrong"
        partial |= None in frame.values()
        altered |= any(frame[field] not in (expected[field], None) for field in FIELDS)
    if len([frame for frame in seen if frame]) > len(true) or (len(seen) < len(true) and seen[-1] is not None):
        return "wrong"
    return "altered" if altered else "partial" if partial else "complete"


def of_events(events, true):
    crash = next((event for event in events if event["event"] == "crash"), None)
    if crash is None or not crash["threads"]:
        return "missing"
    seen = []
    for frame in crash["threads"][0]["frames"]:
        known = {field: frame[field] for field in (*FIELDS, "code")} if "file" in frame else None
        doubted = frame.get("overwritten", ())  # the report marks these names itself
        known = None if len(doubted) == 2 else known and {**known, **dict.fromkeys(doubted)}
        seen += [known] * (1 + (frame.get("repeat") or 0))
    return compare(seen, true)


def of_faulthandler(text, true):
    """Judges the stack that faulthandler printed for the current thread."""
    seen = []
    section = re.search(r"^Current thread .*\n((?:  .*\n?)*)", text, re.M)
    for line in section[1].splitlines() if section else ():
        match = PRINTED.fullmatch(line)
        known = lambda value: None if value in (None, "???") else value  # noqa: E731
        seen.append({"file": known(match[1]), "line": known(match[2]) and int(match[2]),
                     "function": known(match[3])} if match else None)
    true = [{**frame, "function": frame["function"].rpartition(".")[2]} for frame in true]
    return compare(seen, true)
