"""Compares the outcomes of the same tests in two runs. Works on text and dictionaries only, and starts nothing."""
import collections
import json
import re

ABSENT = "did not run"
NOT_REACHED = "not reached"
ROUNDS = 3  # how often a test that differs is repeated
# What differs in every run: addresses and the names of temporary files.
VARYING = re.compile(r"0x[0-9a-f]+|\S*/peer-\S+|/tmp/\S+|\S*test_python_\S+")


def steady(text):
    return VARYING.sub("*", text)


class Record:
    """What record.py has written: the outcome of each test by its name, and the test that was running at the end, if
    any."""

    def __init__(self, lines):
        self.agent = None
        self.planned = []
        self.running = None
        self.details = {}
        self._words = collections.defaultdict(collections.Counter)
        for line in lines:
            self._take(json.loads(line))
        self.outcomes = {test: " and ".join(map(self._phrase, sorted(words.items())))
                         for test, words in self._words.items()}

    def _take(self, event):
        self.agent = event.get("agent", self.agent)
        self.planned += event.get("planned", [])
        if "started" in event:
            self.running = event["started"]
        elif "stopped" in event:
            self.running = None
            self._words[event["stopped"]]  # a test without any message has an outcome as well: an empty one
        elif "outcome" in event:
            for test in self._meant(event["test"]):
                self._words[test][self._word(event)] += 1
                if event["detail"]:
                    self.details[test] = event["detail"]

    def _meant(self, test):
        """`setUpClass (NAME)` stands for all tests of the class."""
        holder = re.fullmatch(r"setUp\w+ \((.+)\)", test)
        return [each for each in self.planned if each.startswith(holder[1] + ".")] if holder else [test]

    @staticmethod
    def _word(event):
        if "subtest" not in event:
            return steady(event["outcome"])
        if event["outcome"] == "pass":
            return "subtests passed"
        return steady(f"{event['outcome']} {event['subtest']}")

    @staticmethod
    def _phrase(word_and_count):
        word, count = word_and_count
        return f"{count} {word}" if word == "subtests passed" else word


def agree(bare, watched):
    """Whether two lists of outcomes have one in common. That a test did not run does not count as an outcome."""
    return bool((set(bare) & set(watched)) - {ABSENT, NOT_REACHED})


class Comparison:
    """The outcomes of a suite's tests, bare and watched. Tests that differed and were repeated have several."""

    def __init__(self, bare, watched):
        self.names = sorted(set(bare) | set(watched))
        self.bare = {name: [bare.get(name, ABSENT)] for name in self.names}
        self.watched = {name: [watched.get(name, ABSENT)] for name in self.names}

    def differences(self):
        """The tests of which no bare outcome is also a watched one."""
        return [name for name in self.names if not agree(self.bare[name], self.watched[name])]

    def repeated(self):
        return [name for name in self.names if len(self.bare[name]) > 1]

    def repeat(self, run_bare, run_watched, rounds=ROUNDS):
        for _ in range(rounds):
            names = self.differences()
            if not names:
                return
            for run, outcomes in ((run_bare, self.bare), (run_watched, self.watched)):
                again = run(names)
                for name in names:
                    outcomes[name].append(again.get(name, ABSENT))


def parse_known(text):
    """Returns name -> reason. A line is `NAME: REASON`; an indented line continues the reason; # begins a comment."""
    known = {}
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line[0].isspace():
            known[list(known)[-1]] += " " + line.strip()
            continue
        name, _, reason = line.partition(": ")
        if not reason.strip() or name in known:
            raise ValueError(f"known_differences: not 'NAME: REASON', or there twice: {line}")
        known[name] = reason.strip()
    return known


class Verdict:
    """The overall result of a run; `known` are the differences that are known."""

    def __init__(self, known, judge_vanished):
        self.known = known
        self.judge_vanished = judge_vanished
        self.met = set()
        self.seen = set()
        self.passed = self.failed = self.skipped = self.known_to_differ = 0

    def take(self, comparison):
        """Counts a comparison, and returns its unknown differences."""
        differences = comparison.differences()
        unknown = [name for name in differences if name not in self.known]
        self.seen |= set(comparison.names)
        self.met |= set(differences)
        self.failed += len(unknown)
        self.known_to_differ += len(differences) - len(unknown)
        self.passed += len(comparison.names) - len(differences)
        return unknown

    def vanished(self):
        """Known differences that were found on no interpreter."""
        return sorted(set(self.known) - self.met) if self.judge_vanished else []

    def totals(self):
        failed = self.failed + len(self.vanished())
        known = f", {self.known_to_differ} known to differ" if self.known_to_differ else ""
        return f"{self.passed:,} passed, {failed:,} failed, {self.skipped} skipped{known}"

    def is_good(self):
        return self.passed > 0 and self.failed == 0 and not self.vanished()
