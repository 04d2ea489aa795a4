#!/usr/bin/env python3
"""The comparison of CPython's suites must detect differences. None of the suites runs here: a small script plays the
interpreter and records the outcomes that the test asks for."""
import json
import os
import sys
import tempfile
import textwrap
import unittest

import comparison
import suite_run


def setUpModule():
    suite_run.become_guardian()


def record(*events):
    return comparison.Record(map(json.dumps, events))


def outcome(test, word, **more):
    return {"test": test, "outcome": word, "detail": "", **more}


class Records(unittest.TestCase):
    def test_an_outcome_has_the_name_of_its_test(self):
        self.assertEqual(record(outcome("a", "pass"), outcome("b", "skip: no tty")).outcomes,
                         {"a": "pass", "b": "skip: no tty"})

    def test_a_subtest_that_fails_is_named_and_those_that_pass_are_counted(self):
        events = [outcome("a", word, subtest=f"(i={i})") for i, word in enumerate(["pass", "fail", "pass"])]
        self.assertEqual(record(*events).outcomes, {"a": "fail (i=1) and 2 subtests passed"})

    def test_a_test_of_which_nothing_is_said_has_run_all_the_same(self):
        self.assertEqual(record({"started": "a"}, {"stopped": "a"}).outcomes, {"a": ""})

    def test_a_class_that_is_skipped_as_a_whole_skips_each_of_its_tests(self):
        planned = {"planned": ["m.A.x", "m.A.y", "m.B.x"]}
        self.assertEqual(record(planned, outcome("setUpClass (m.A)", "skip: no tty")).outcomes,
                         {"m.A.x": "skip: no tty", "m.A.y": "skip: no tty"})

    def test_the_test_that_was_running_at_the_end_is_known(self):
        self.assertEqual(record({"started": "a"}, {"stopped": "a"}, {"started": "b"}).running, "b")

    def test_what_varies_from_run_to_run_is_no_difference(self):
        def skip(address):
            return record(outcome("a", f"skip: no <lock at {address}>")).outcomes
        self.assertEqual(skip("0x7f00"), skip("0x7f80"))


class Comparisons(unittest.TestCase):
    def compare(self, bare, watched):
        """`bare` and `watched` list the outcomes of the only test, run by run. The last one repeats."""
        def run(outcomes):
            return lambda names=None: {"m.A.x": outcomes.pop(0) if len(outcomes) > 1 else outcomes[0]}
        run_bare, run_watched = run(list(bare)), run(list(watched))
        self.compared = comparison.Comparison(run_bare(), run_watched())
        self.compared.repeat(run_bare, run_watched)
        return self.compared

    def judge(self, known=(), judge_vanished=True):
        verdict = comparison.Verdict(dict.fromkeys(known, "for a reason"), judge_vanished)
        self.unknown = verdict.take(self.compared)
        return verdict

    def test_the_same_is_no_difference_and_not_repeated(self):
        self.assertEqual(self.compare(["fail"], ["fail"]).repeated(), [])
        self.assertTrue(self.judge().is_good())

    def test_an_unknown_difference_fails(self):
        self.compare(["pass"], ["fail"])
        verdict = self.judge()
        verdict.take(comparison.Comparison({"m.A.y": "pass"}, {"m.A.y": "pass"}))
        self.assertEqual((self.unknown, verdict.is_good()), (["m.A.x"], False))
        self.assertEqual(verdict.totals(), "1 passed, 1 failed, 0 skipped")

    def test_a_difference_is_repeated_three_times(self):
        self.assertEqual(self.compare(["pass"], ["fail"]).watched, {"m.A.x": ["fail"] * 4})

    def test_only_what_still_differs_is_repeated(self):
        asked = []

        def run(names):
            asked.append(names)
            return dict.fromkeys(names, "pass")
        compared = comparison.Comparison({"a": "fail", "b": "pass"}, {"a": "pass", "b": "pass"})
        compared.repeat(run, run)
        self.assertEqual(asked, [["a"], ["a"]])

    def test_another_reason_to_skip_is_a_difference(self):
        self.assertTrue(self.compare(["skip: no tty"], ["skip: no root"]).differences())

    def test_a_test_that_only_one_side_has_is_a_difference(self):
        self.assertEqual(comparison.Comparison({"m.A.x": "pass"}, {}).differences(), ["m.A.x"])
        self.assertEqual(comparison.Comparison({}, {"m.A.x": "pass"}).differences(), ["m.A.x"])

    def test_that_neither_runs_when_it_is_repeated_is_no_agreement(self):
        compared = comparison.Comparison({"m.A.x": "pass"}, {"m.A.x": "fail"})
        compared.repeat(lambda names: {}, lambda names: {})
        self.assertEqual(compared.differences(), ["m.A.x"])

    def test_that_neither_reaches_it_is_no_agreement(self):
        self.assertTrue(self.compare([comparison.NOT_REACHED], [comparison.NOT_REACHED]).differences())

    def test_flaky_bare_is_no_difference(self):
        self.assertEqual(self.compare(["pass", "fail"], ["fail"]).differences(), [])

    def test_flaky_watched_is_no_difference_and_told(self):
        self.compare(["pass"], ["fail", "fail", "pass"])
        self.assertEqual(self.compared.differences(), [])
        self.assertEqual(self.compared.repeated(), ["m.A.x"])
        self.assertEqual(self.compared.watched, {"m.A.x": ["fail", "fail", "pass"]})

    def test_a_known_difference_passes(self):
        self.compare(["pass"], ["fail"])
        verdict = self.judge(known=["m.A.x"])
        self.assertEqual((self.unknown, verdict.totals()), ([], "0 passed, 0 failed, 0 skipped, 1 known to differ"))

    def test_a_known_difference_that_vanished_fails(self):
        self.compare(["pass"], ["pass"])
        verdict = self.judge(known=["m.A.x"])
        self.assertEqual((verdict.vanished(), verdict.is_good()), (["m.A.x"], False))
        self.assertEqual(verdict.totals(), "1 passed, 1 failed, 0 skipped")

    def test_a_known_difference_of_one_interpreter_has_not_vanished(self):
        self.compare(["pass"], ["fail"])
        verdict = self.judge(known=["m.A.x"])
        verdict.take(self.compare(["pass"], ["pass"]))
        self.assertTrue(verdict.is_good())

    def test_only_a_run_of_everything_says_that_one_has_vanished(self):
        self.compare(["pass"], ["pass"])
        self.assertTrue(self.judge(known=["m.A.x"], judge_vanished=False).is_good())

    def test_that_nothing_was_compared_is_no_success(self):
        self.assertFalse(comparison.Verdict({}, judge_vanished=False).is_good())


class Known(unittest.TestCase):
    def test_a_reason_may_go_on_in_the_next_line(self):
        self.assertEqual(comparison.parse_known("# of\n\nm.A.x: It\n    is so.\n"), {"m.A.x": "It is so."})

    def test_without_a_reason_it_is_refused(self):
        for text in ("m.A.x\n", "m.A.x: \n", "m.A.x: one\nm.A.x: two\n"):
            self.assertRaises(ValueError, comparison.parse_known, text)


# Plays the interpreter. Its arguments are RECORDER RECORD SUITE [NAME...].
PLAYER = f"#!{sys.executable}" + """
import json, os, signal, subprocess, sys, time

def write(**event):
    with open(sys.argv[2], "a") as file:
        file.write(json.dumps(event) + "\\n")

def run(test, come_to="pass"):
    write(started=test)
    write(test=test, outcome=come_to, detail="")
    write(stopped=test)

def hang():
    os.utime(sys.argv[2], (0, 0))  # as if nothing had been written for long
    time.sleep(600)

watched = "WATCHED" in os.environ
suite = ["m.A.x", "m.A.y", "m.A.z"]
names = sys.argv[4:] or suite
assert set(names) <= set(suite), names
write(agent=AGENT)
write(planned=names)
"""
WATCHDOG = """\
#!/bin/sh
shift 3
WATCHED=1 exec "$@"
"""


class Runs(unittest.TestCase):
    def play(self, script, agent="watched"):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name
        python = self.program("python", PLAYER.replace("AGENT", agent) + textwrap.dedent(script))
        watchdog = self.program("watchdog", WATCHDOG)
        return suite_run.SuiteRun(python, "m", watchdog, os.path.join(self.folder, "m"), limit=300)

    def program(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as file:
            file.write(text)
        os.chmod(path, 0o755)
        return path

    def test_a_difference_is_found_and_agreement_too(self):
        compared = self.play("""
            for name in names:
                run(name, "fail" if watched and name == "m.A.y" else "pass")
        """).compare()
        self.assertEqual(compared.differences(), ["m.A.y"])
        self.assertEqual(compared.names, ["m, its process", "m.A.x", "m.A.y", "m.A.z"])

    def test_a_test_that_hangs_is_named_and_the_others_go_on(self):
        outcomes = self.play("""
            for name in names:
                if name == "m.A.y":
                    write(started=name)
                    hang()
                run(name)
        """).bare()
        self.assertEqual(outcomes, {"m.A.x": "pass", "m.A.y": "timed out after 300 s", "m.A.z": "pass",
                                    "m, its process": "ended"})

    def test_a_test_that_kills_the_process_is_named_with_the_signal(self):
        outcomes = self.play("""
            for name in names:
                write(started=name)
                if name == "m.A.z":
                    os.kill(os.getpid(), signal.SIGSEGV)
                run(name)
        """).bare()
        self.assertEqual(outcomes["m.A.z"], "died of SIGSEGV")

    def test_what_always_dies_at_once_ends_all_the_same(self):
        outcomes = self.play("os.kill(os.getpid(), signal.SIGKILL)").bare()
        self.assertEqual(outcomes, {"m, its process": "died of SIGKILL",
                                    **dict.fromkeys(["m.A.x", "m.A.y", "m.A.z"], comparison.NOT_REACHED)})

    def test_a_process_that_dies_after_its_last_test_differs(self):
        compared = self.play("""
            for name in names:
                run(name)
            if watched:
                os.kill(os.getpid(), signal.SIGSEGV)
        """).compare()
        self.assertEqual(compared.watched["m, its process"], ["died of SIGSEGV"] * 4)
        self.assertEqual(compared.differences(), ["m, its process"])

    def test_what_a_suite_leaves_behind_is_ended(self):
        run = self.play("""
            left = subprocess.Popen(["sleep", "600"], start_new_session=True)
            with open(os.path.join(os.path.dirname(sys.argv[2]), "left"), "w") as file:
                file.write(str(left.pid))
            for name in names:
                run(name)
        """)
        run.bare()
        with open(os.path.join(run.folder, "left")) as file:
            self.assertFalse(os.path.exists(f"/proc/{file.read()}"))

    def test_an_orphan_that_ends_is_reaped(self):
        run = self.play("""
            orphan = int(subprocess.run(["sh", "-c", "sleep 0.1 & echo $!"], stdout=subprocess.PIPE).stdout)
            while os.path.exists(f"/proc/{orphan}"):
                time.sleep(0.1)
            run("m.A.x")
        """)
        self.assertEqual(run.bare(["m.A.x"])["m.A.x"], "pass")

    def test_a_suite_that_is_not_watched_proves_nothing(self):
        run = self.play("for name in names: run(name)", agent="False")
        self.assertEqual(run.watched(), {"m, its process": "ended, and the agent was not in it"})

    def test_that_the_watchdog_does_not_start_it_is_a_difference(self):
        run = self.play("")
        self.program("watchdog", "#!/bin/sh\nexit 125")
        self.assertEqual(run.watched(), {"m, its process": "ended with code 125, and the agent was not in it"})


if __name__ == "__main__":
    unittest.main()
