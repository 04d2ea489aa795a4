"""The ways in: python -m pyfault, PYFAULT=1 and enable(), also where something stands in their way."""
import os
import sys
import unittest

from program import CRASH, ProgramTest

EXITS = "import sys; sys.exit(3)"
WITHOUT_STREAMS = 'exec "$@" >&- 2>&-'

# What an installed wheel's pyfault.pth does. It is read from the source, for the build folder has none.
PTH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "agent", "python", "pyfault.pth")

SPAWNS = """
import multiprocessing, pyfault
if __name__ == "__main__":
    process = multiprocessing.get_context("%s").Process(target=crash_here)
    process.start()
    process.join()
    print(pyfault.last_crash(process.pid))
"""

SUBINTERPRETER = """
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
interpreters.run_string(interpreters.create(), "pass")
raise SystemExit(3)
"""


class DoorTest(ProgramTest):
    def set_variable(self):
        """From now on, every Python that a test starts is as one with the wheel and PYFAULT=1."""
        with open(PTH) as pth:
            self.write("sitecustomize.py", pth.read())
        self.environment["PYTHONPATH"] = os.pathsep.join([self.folder, self.environment["PYTHONPATH"]])
        self.environment["PYFAULT"] = "1"

    def run_door(self, source):
        return self.run_words(self.write("program.py", CRASH + "import os, pyfault, sys, threading\n" + source))

    def ends(self):
        return [event for event in self.events() if event["event"] == "exit"]

    def assert_one_crash(self, ended):
        self.assertEqual(len(ended.crashes()), 1, ended)


class ModuleTest(DoorTest):
    def run_without_streams(self, *words):
        return self.run_words("-c", WITHOUT_STREAMS, "sh", sys.executable, *words, program="/bin/sh")

    def test_a_program_without_stdout_and_stderr_runs(self):
        ended = self.run_without_streams("-m", "pyfault", self.write("program.py", CRASH + "crash_here()\n"))
        self.assertEqual(ended.status, -11, ended)
        self.assert_one_crash(ended)

    def test_with_the_variable_too_there_is_one_watchdog_and_its_log_is_that_of_the_option(self):
        self.set_variable()
        ended = self.run_words("-m", "pyfault", "--log", self.path("chosen"), "--log-format", "json", "-c", EXITS)
        self.assertEqual((ended.status, ended.events), (3, []), ended)
        self.log = self.path("chosen")
        self.assertEqual(len(self.ends()), 1, self.events())

    def test_only_the_interpreters_own_option_is_the_module(self):
        self.set_variable()
        self.run_words("-c", EXITS, "-m", "pyfault")
        self.assertEqual(len(self.ends()), 1, self.events())

    def test_a_module_may_follow_its_option_in_the_same_word(self):
        self.write("program.py", EXITS)
        for words in ["-m", "pyfault", "-mprogram"], ["-mpyfault", "-mprogram"], ["-um", "pyfault", "-cimport program"]:
            self.assertEqual(self.run_words(*words).status, 3, words)

    def test_a_program_may_come_from_stdin(self):
        ended = self.run_words("-c", 'echo "$1" | "$2" -m pyfault - word', "sh", EXITS, sys.executable, program="/bin/sh")
        self.assertEqual((ended.status, ended.stderr), (3, ""), ended)


class VariableTest(DoorTest):
    def setUp(self):
        super().setUp()
        self.set_variable()

    def test_what_cannot_be_said_without_stderr_is_no_reason_to_fail(self):
        self.environment["PYFAULT_LOG"] = "/nowhere/log"
        self.write("program.py", "import sys\nprint(type(sys.stderr))\n")
        ended = self.run_words("-c", 'exec "$@" 2>&-', "sh", sys.executable, "program.py", program="/bin/sh")
        self.assertEqual((ended.status, ended.stdout), (0, "<class 'NoneType'>\n"), ended)

    def test_a_parent_learns_why_a_child_died_that_is_a_new_interpreter(self):
        for method in ("spawn", "forkserver"):
            with self.subTest(method):
                ended = self.run_words(self.write("program.py", CRASH + SPAWNS % method))
                self.assertRegex(ended.stdout, 'program.py", line [0-9]+, in crash_here', ended)
                self.assert_one_crash(ended)
                os.unlink(self.log)

    @unittest.skipUnless(sys.version_info >= (3, 12), "needs interpreters with a GIL of their own")
    def test_an_interpreter_with_a_gil_of_its_own_says_nothing(self):
        ended = self.run_words(self.write("program.py", SUBINTERPRETER))
        self.assertEqual((ended.status, ended.stderr), (3, ""), ended)
        self.assertEqual(len(self.ends()), 1, ended)

    def test_a_package_that_cannot_be_imported_is_a_line(self):
        os.mkdir(self.path("pyfault"))
        self.write("pyfault/__init__.py", "raise ImportError('it is broken')")
        ended = self.run_words("-c", EXITS)
        self.assertEqual((ended.status, ended.stderr), (3, "pyfault: this process is not watched: it is broken\n"), ended)


class FunctionTest(DoorTest):
    def test_threads_that_enable_at_once_start_one_watchdog(self):
        ended = self.run_door("""
started, start = [], pyfault._watchdog.start
def start_noting(*arguments):
    started.append(start(*arguments))
    return started[0]
pyfault._watchdog.start = start_noting
threads = [threading.Thread(target=pyfault.enable) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(started), flush=True)
""")
        self.assertEqual(ended.stdout, "1\n", ended)

    def test_a_child_that_is_forked_while_another_thread_enables_can_enable(self):
        ended = self.run_door("""
entered, find = threading.Event(), pyfault._watchdog.find_or_start
def find_slowly(*arguments):
    entered.set()
    threading.Event().wait()
pyfault._watchdog.find_or_start = find_slowly
threading.Thread(target=pyfault.enable, daemon=True).start()
entered.wait()
child = os.fork()
if child == 0:
    pyfault._watchdog.find_or_start = find
    pyfault.enable()
    crash_here()
print(os.waitpid(child, 0)[1], flush=True)
os._exit(0)
""")
        self.assertEqual(ended.stdout, "11\n", ended)
        self.assert_one_crash(ended)

    def test_a_wish_that_comes_too_late_is_refused_and_the_process_stays_as_it_was(self):
        ended = self.run_door("""
pyfault.enable(log="first")
address = pyfault.status().socket
pyfault.disable()
for wish in dict(log="second"), dict(log_format="text"), dict(socket="@other"):
    try:
        pyfault.enable(**wish)
        print("no error")
    except pyfault.Unwatched as error:
        print(*(value in str(error) for value in wish.values()), pyfault.is_enabled())
for wish in dict(log="first"), dict(socket=address), {}:
    pyfault.enable(**wish)
    print(pyfault.disable(), pyfault.status().enabled)
""")
        self.assertEqual(ended.stdout, "True False\n" * 6, ended)


class FaulthandlerTest(DoorTest):
    def enabled_after(self, source):
        return self.run_door("import pyfault.faulthandler as faulthandler\n" + source
                             + "\nfaulthandler.disable(); print(pyfault.is_enabled())\n").stdout

    def test_its_disable_ends_what_its_enable_has_begun(self):
        self.assertEqual(self.enabled_after("faulthandler.enable()"), "False\n")
        self.assertEqual(self.enabled_after("pyfault.enable(); pyfault.disable(); faulthandler.enable()"), "False\n")

    def test_it_leaves_what_pyfault_enable_has_asked_for_too(self):
        for source in ("pyfault.enable(); faulthandler.enable()",
                       "faulthandler.enable(); pyfault.enable()",
                       "faulthandler.enable(); pyfault.disable(); pyfault.enable()"):
            self.assertEqual(self.enabled_after(source), "True\n", source)


if __name__ == "__main__":
    unittest.main()
