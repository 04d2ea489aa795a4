"""What the hooks note is in the report when a worker of the real framework crashes, or hangs."""
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import unittest

from program import CRASH, SECONDS, ProgramTest, has, wait_for_orphans


class FrameworkTest(ProgramTest):
    def start(self, *words, program=sys.executable):
        """Starts `python WORDS`, and ends it, its children and its watchdog with the test."""
        self.output = open(self.path("output"), "w+")
        self.addCleanup(self.output.close)
        process = subprocess.Popen([program, *words], cwd=self.folder, env=self.environment,
                                   stdin=subprocess.DEVNULL, stdout=self.output, stderr=self.output,
                                   start_new_session=True)
        self.addCleanup(self.stop, process)

    def stop(self, process):
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        wait_for_orphans()  # the watchdog still writes to the folder

    def wait_for(self, condition):
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            found = condition()
            if found:
                return found
            time.sleep(0.1)
        self.output.seek(0)
        self.fail(self.output.read() + "".join(event["message"] + "\n" for event in self.events()))

    def wait_for_event(self, kind):
        return self.wait_for_events(kind, 1)[0]

    def wait_for_events(self, kind, count):
        def events():
            found = [each for each in self.events() if each["event"] == kind]
            return found if len(found) >= count else None
        return self.wait_for(events)

    def request(self, path):
        """Sends a request to the socket file of a server as soon as it listens, and waits for the response."""
        def connect():
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(self.path("socket"))
            except OSError:
                connection.close()
                return None
            return connection
        with self.wait_for(connect) as connection:
            connection.settimeout(SECONDS)
            connection.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
            try:
                return connection.recv(100)
            except ConnectionResetError:
                return b""


@unittest.skipUnless(has("gunicorn.app.wsgiapp"), "needs a gunicorn for this interpreter")
class GunicornTest(FrameworkTest):
    def setUp(self):
        super().setUp()
        self.write("gunicorn.conf.py", """
from pyfault.hooks.gunicorn import *
bind = "unix:socket"
timeout = 3
""")
        self.write("app.py", CRASH + """
import time
def application(environ, start_response):
    if environ["PATH_INFO"] == "/crash": crash_here()
    if environ["PATH_INFO"] == "/hang": time.sleep(600)
    start_response("200 OK", [])
    return [b"done"]
""")

    def test_a_crash_names_worker_and_request(self):
        self.start("-m", "pyfault", "-m", "gunicorn", "app:application")
        self.assertIn(b"200 OK", self.request("/before?password=xyzzy"))
        self.request("/crash?password=xyzzy")
        crash = self.wait_for_event("crash")
        self.assertEqual(crash["annotations"], {"worker": "gunicorn SyncWorker 1", "request": "GET /crash?..."})
        self.assertEqual([each["text"] for each in crash["breadcrumbs"]], ["GET /before?...", "GET /crash?..."])

    def test_a_worker_that_is_given_up_on_leaves_its_stacks(self):
        self.start("-m", "pyfault", "-m", "gunicorn", "app:application")
        self.request("/hang")
        dump = self.wait_for_event("dump")
        self.assertEqual(dump["annotations"]["request"], "GET /hang")
        self.assertIn("application", [frame.get("function") for frame in dump["threads"][0]["frames"]])

    def test_the_arbiter_watches_itself_without_a_door(self):
        self.start("-m", "gunicorn", "app:application")
        self.request("/crash")
        self.assertEqual(self.wait_for_event("crash")["annotations"]["request"], "GET /crash")


UWSGI = sys.prefix == "/usr" and shutil.which("uwsgi_python%d%d" % sys.version_info[:2])


@unittest.skipUnless(UWSGI, "needs uWSGI for this interpreter")
class UwsgiTest(FrameworkTest):
    """The application enables pyfault itself: once, before the master forks, or in each worker."""

    def crash_two_workers(self, *options):
        self.write("app.py", CRASH + """
import pyfault
pyfault.enable()
def application(environ, start_response):
    crash_here()
""")
        self.start("--master", "--http-socket", "socket", "--wsgi-file", "app.py", *options, program=UWSGI)
        self.request("/")
        self.request("/")
        for crash in self.wait_for_events("crash", 2):
            self.assertIn("crash_here", [frame.get("function") for frame in crash["threads"][0]["frames"]])

    def test_workers_that_the_master_forks_are_watched(self):
        self.crash_two_workers()

    def test_workers_that_load_the_application_themselves_are_watched(self):
        self.crash_two_workers("--lazy-apps")


@unittest.skipUnless(has("uvicorn.main"), "needs a uvicorn for this interpreter")
class UvicornTest(FrameworkTest):
    def test_a_crash_lists_the_open_requests(self):
        self.write("app.py", CRASH + """
import pyfault.hooks.asgi
async def app(scope, receive, send):
    crash_here()
app = pyfault.hooks.asgi.Middleware(app)
""")
        self.start("-m", "pyfault", "-m", "uvicorn", "--uds", "socket", "--lifespan", "off", "app:app")
        self.request("/crash?password=xyzzy")
        crash = self.wait_for_event("crash")
        self.assertRegex(crash["annotations"]["requests"], r"\A1 open: GET /crash\?\.\.\. in Task-[0-9]+\Z")


@unittest.skipUnless(has("django.test"), "needs a Django for this interpreter")
class DjangoTest(FrameworkTest):
    def test_a_crash_names_the_request_under_wsgi_and_asgi(self):
        program = CRASH + """
import asyncio, sys
import django
from django.conf import settings
from django.urls import path
settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="x",
                   MIDDLEWARE=["pyfault.hooks.django.middleware"])
django.setup()
urlpatterns = [path("crash", crash_here)]
"""
        self.write("program.py", program + """
from django.test import Client
Client().get("/crash?password=xyzzy")
""")
        crash, = self.run_words("-m", "pyfault", "program.py").crashes()
        self.assertEqual(crash["annotations"], {"request": "GET /crash?..."})
        os.unlink(self.log)
        self.write("program.py", program + """
async def crash_in_loop(request): crash_here()
urlpatterns = [path("crash", crash_in_loop)]
from django.test import AsyncClient
asyncio.run(AsyncClient().get("/crash?password=xyzzy"))
""")
        crash, = self.run_words("-m", "pyfault", "program.py").crashes()
        self.assertRegex(crash["annotations"]["requests"], r"\A1 open: GET /crash\?\.\.\. in Task-[0-9]+\Z")


@unittest.skipUnless(has("celery.bin.celery"), "needs a celery for this interpreter")
class CeleryTest(FrameworkTest):
    def setUp(self):
        super().setUp()
        self.write("app.py", CRASH + """
import ctypes, time
import celery, pyfault.hooks.celery
app = celery.Celery("app", broker="filesystem://", broker_transport_options={
    "data_folder_in": "queue", "data_folder_out": "queue"})
pyfault.hooks.celery.install()
@app.task
def add(a, b): return a + b
@app.task
def crash(): crash_here()
@app.task(soft_time_limit=2, time_limit=60)
def sleep(): time.sleep(600)
@app.task(time_limit=3)
def hold(): ctypes.PyDLL(None).sleep(600)
""")
        os.mkdir(self.path("queue"))

    def send(self, *names):
        for name in names:
            code = f"import app; app.{name}.apply_async(task_id='{name}-1', args={(1, 2) if name == 'add' else ()})"
            self.assertEqual(self.run_words("-c", code).status, 0)

    def work(self):
        self.environment["PYTHONDONTWRITEBYTECODE"] = "1"
        self.start("-m", "pyfault", "-m", "celery", "-A", "app", "worker", "-c", "1", "--without-gossip",
                   "--without-mingle")

    def test_a_crash_names_the_task(self):
        self.send("add", "crash")
        self.work()
        crash = self.wait_for_event("crash")
        self.assertEqual(crash["annotations"], {"task": "app.crash", "id": "crash-1"})
        self.assertIn("task app.add add-1", [each["text"] for each in crash["breadcrumbs"]])

    def test_the_soft_time_limit_leaves_stacks(self):
        self.send("sleep")
        self.work()
        dump = self.wait_for_event("dump")
        self.assertEqual(dump["annotations"], {"task": "app.sleep", "id": "sleep-1"})

    def test_so_does_the_hard_one_whatever_the_task_hangs_in(self):
        self.send("hold")
        self.work()
        dump = self.wait_for_event("dump")
        self.assertEqual(dump["annotations"], {"task": "app.hold", "id": "hold-1"})
        self.assertIn("hold", [frame.get("function") for frame in dump["threads"][0]["frames"]])


@unittest.skipUnless(has("IPython"), "needs an IPython for this interpreter")
class IPythonTest(FrameworkTest):
    def test_a_crash_names_the_cell(self):
        self.environment["IPYTHONDIR"] = self.path("ipython")
        ended = self.run_words("-c", """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell()
shell.run_line_magic("load_ext", "pyfault.hooks.ipython")
shell.run_cell("answer = 42")
shell.run_cell("import ctypes; ctypes.string_at(0)")
""")
        crash, = ended.crashes()
        self.assertEqual(crash["annotations"], {"cell": "import ctypes; ctypes.string_at(0)"})


if __name__ == "__main__":
    unittest.main()
