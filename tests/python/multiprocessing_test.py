"""multiprocessing: a Process knows its crash, and a Pool does not wait for a worker that died."""
import unittest

from program import ProgramTest

PREAMBLE = """
import multiprocessing, os, signal, sys, time
import pyfault.hooks.multiprocessing

def kill_itself(*_): os.kill(os.getpid(), signal.SIGKILL)
def leave(): sys.exit(3)
def crash_at_3(number):
    if number == 3: crash_here()
    return number * number

def outcome(function, *arguments):
    try:
        return function(*arguments)
    except pyfault.RemoteCrash as error:
        return "lost"

def everything(iterator):
    found = []
    while True:
        try:
            found.append(outcome(iterator.next, 60))
        except StopIteration:
            return found
"""

POOL = PREAMBLE + """
if __name__ == "__main__":
    pyfault.hooks.multiprocessing.install(pool=True)
    with multiprocessing.get_context("{method}").Pool(2) as pool:
        {body}
        pool.close()
        pool.join()
"""


class ProcessTest(ProgramTest):
    def run_process(self, target, method="fork"):
        return self.run_program(PREAMBLE + f"""
if __name__ == "__main__":
    pyfault.hooks.multiprocessing.install()
    process = multiprocessing.get_context("{method}").Process(target={target})
    print(process.crash)
    process.start()
    process.join()
    print(process.crash and process.crash.process.pid == process.pid, process.exitcode)
    print(process.crash)
""")

    def test_a_crashed_process_has_its_crash(self):
        for method in ("fork", "spawn", "forkserver"):
            with self.subTest(method):
                said = self.run_process("crash_here", method)
                self.assertTrue(said.startswith("None\nTrue -11\n"), said)
                self.assertRegex(said, 'program.py", line [0-9]+, in crash_here')

    def test_a_process_that_ended_otherwise_has_none(self):
        self.assertEqual(self.run_process("kill_itself"), "None\nNone -9\nNone\n")
        self.assertEqual(self.run_process("time.time"), "None\nNone 0\nNone\n")

    def test_it_can_be_undone(self):
        said = self.run_program(PREAMBLE + """
pyfault.hooks.multiprocessing.install(pool=True)
pyfault.hooks.multiprocessing.install()
pyfault.hooks.multiprocessing.uninstall()
print(hasattr(multiprocessing.Process, "crash"), multiprocessing.pool.Pool._setup_queues.__module__)
""")
        self.assertEqual(said, "False multiprocessing.pool\n")


class PoolTest(ProgramTest):
    def run_pool(self, body, method="fork"):
        return self.run_program(POOL.format(method=method, body="\n        ".join(body.strip().splitlines())))

    def test_a_lost_job_fails_and_the_others_are_done(self):
        for method in ("fork", "spawn", "forkserver"):
            with self.subTest(method):
                said = self.run_pool("""
lost = pool.apply_async(crash_here)
others = [pool.apply_async(abs, (-each,)) for each in range(20)]
print([each.get(60) for each in others] == list(range(20)))
try:
    lost.get(60)
except pyfault.RemoteCrash as error:
    print(error.exitcode, error.pid == error.crash.process.pid)
    print(error)
""", method)
                self.assertTrue(said.startswith("True\n-11 True\n"), said)
                self.assertRegex(said, 'program.py", line [0-9]+, in crash_here')

    def test_map_fails_if_one_of_its_tasks_is_lost(self):
        self.assertEqual(self.run_pool("print(outcome(pool.map_async(crash_at_3, range(6), 1).get, 60))"), "lost\n")

    def test_imap_goes_on_behind_a_lost_task(self):
        for method in ("fork", "spawn"):
            with self.subTest(method):
                said = self.run_pool("""
print(everything(pool.imap(crash_at_3, range(6))))
print(sorted(map(str, everything(pool.imap_unordered(crash_at_3, range(6))))))
""", method)
                self.assertEqual(said, "[0, 1, 4, 'lost', 16, 25]\n['0', '1', '16', '25', '4', 'lost']\n")

    def test_a_worker_that_is_killed_or_leaves_loses_its_task(self):
        said = self.run_pool("""
for function in (kill_itself, leave):
    try:
        pool.apply_async(function).get(60)
    except pyfault.RemoteCrash as error:
        print(error.exitcode, error.crash)
""")
        self.assertEqual(said, "-9 None\n3 None\n")

    def test_a_lost_task_fails_even_if_the_cause_is_unknown(self):
        said = self.run_pool("""
pyfault.hooks._children.last_crashes = None  # which cannot be called
try:
    pool.apply_async(crash_here).get(60)
except pyfault.RemoteCrash as error:
    print(error.exitcode, error.crash)
""")
        self.assertEqual(said, "-11 None\n")

    def test_workers_that_are_killed_while_they_wait_are_replaced(self):
        said = self.run_pool("""
print(pool.apply_async(abs, (-4,)).get(60))
time.sleep(0.5)
before = [worker.pid for worker in pool._pool]
for pid in before: os.kill(pid, signal.SIGKILL)
while any(worker.pid in before for worker in list(pool._pool)): time.sleep(0.05)
print(pool.apply_async(abs, (-5,)).get(60))
""")
        self.assertEqual(said, "4\n5\n")

    def test_workers_are_replaced_after_a_number_of_tasks_and_nothing_is_lost(self):
        said = self.run_program(PREAMBLE + """
if __name__ == "__main__":
    pyfault.hooks.multiprocessing.install(pool=True)
    with multiprocessing.Pool(2, maxtasksperchild=2) as pool:
        print(pool.map(abs, range(-20, 0), 1) == list(range(20, 0, -1)))
""")
        self.assertEqual(said, "True\n")

    def test_a_task_that_cannot_be_pickled_and_a_result_that_cannot_fail_as_ever(self):
        said = self.run_pool("""
for function, argument in ((abs, lambda: 0), (eval, "lambda: 0")):
    try:
        pool.apply_async(function, (argument,)).get(60)
    except Exception as error:
        print(type(error).__name__)
""")
        self.assertRegex(said, r"\A(PicklingError|AttributeError)\nMaybeEncodingError\n\Z")

    def test_a_pool_of_threads_is_as_ever(self):
        said = self.run_program("""
import multiprocessing.pool, pyfault.hooks.multiprocessing
pyfault.hooks.multiprocessing.install(pool=True)
with multiprocessing.pool.ThreadPool(2) as pool:
    print(pool.map(abs, [-1, -2]))
""")
        self.assertEqual(said, "[1, 2]\n")


if __name__ == "__main__":
    unittest.main()
