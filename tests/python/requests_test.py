"""What the hooks for requests and logging note is in the report of a crash."""
import os
import unittest

from program import CRASH, ProgramTest

WSGI = CRASH + """
import threading, time
import pyfault.hooks.wsgi
def application(environ, start_response):
    if environ["PATH_INFO"] == "/crash": crash_here()
    if environ["PATH_INFO"] == "/bits": return bits()
    if environ["PATH_INFO"] == "/raise": raise KeyError
    return [b"done"]
def bits():
    try:
        yield b"one"
        crash_here()
    finally:
        pyfault.breadcrumb("closed")
application = pyfault.hooks.wsgi.Middleware(application)
def get(path, method="GET", query="password=xyzzy"):
    response = application({"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query}, None)
    return b"".join(response)
"""

ASGI = CRASH + """
import asyncio
import pyfault.hooks.asgi
async def application(scope, receive, send):
    await asyncio.sleep(0.1)
    if scope["path"] == "/crash": crash_here()
    if scope["path"] == "/raise": raise KeyError
    await asyncio.sleep(60)
application = pyfault.hooks.asgi.Middleware(application)
async def get(path):
    await application({"type": "http", "method": "GET", "path": path, "query_string": b"token=xyzzy"}, None, None)
"""


class HookTest(ProgramTest):
    def crash_of(self, source):
        ended = self.run_words("-m", "pyfault", self.write("program.py", source))
        crash, = ended.crashes()
        self.assertNotIn("xyzzy", str(crash["annotations"]) + str(crash["breadcrumbs"]))
        return crash

    def crumbs(self, crash):
        return [each["text"] for each in crash["breadcrumbs"]]


class RequestsTest(HookTest):
    def test_the_request_that_crashed_is_noted_without_its_query(self):
        crash = self.crash_of(WSGI + "get('/before'); get('/crash', 'POST')")
        self.assertEqual(crash["annotations"], {"request": "POST /crash?..."})
        self.assertEqual(self.crumbs(crash), ["GET /before?...", "POST /crash?..."])

    def test_a_request_is_open_until_its_response_is_made(self):
        crash = self.crash_of(WSGI + "get('/bits', query='')")
        self.assertEqual(crash["annotations"], {"request": "GET /bits"})

    def test_a_response_that_the_server_closes_is_done(self):
        crash = self.crash_of(WSGI + """
response = application({"REQUEST_METHOD": "GET", "PATH_INFO": "/bits"}, None)
next(iter(response))
response.close()
crash_here()
""")
        self.assertEqual(crash["annotations"], {})
        self.assertEqual(self.crumbs(crash), ["GET /bits", "closed"])

    def test_a_request_that_is_done_is_not_annotated(self):
        crash = self.crash_of(WSGI + "get('/before'); crash_here()")
        self.assertEqual(crash["annotations"], {})

    def test_a_request_that_raises_is_done(self):
        in_thread = WSGI + "call = lambda: get('/raise')"
        in_event_loop = ASGI + "call = lambda: asyncio.run(get('/raise'))"
        for source in (in_thread, in_event_loop):
            crash = self.crash_of(source + """
try:
    call()
except KeyError:
    crash_here()
""")
            self.assertEqual(crash["annotations"], {})
            os.unlink(self.log)

    def test_a_path_cannot_forge_lines(self):
        crash = self.crash_of(WSGI + "get('/a\\nb\\x1b', query=''); crash_here()")
        self.assertEqual(self.crumbs(crash), ["GET /a\\nb\\x1b"])

    def test_each_thread_has_its_own_request(self):
        crash = self.crash_of(WSGI + """
held = threading.Event()
threading.Thread(target=lambda: get('/crash') if held.wait() else None).start()
token = pyfault.hooks._requests.requests.begin("GET /other")
held.set()
time.sleep(60)
""")
        self.assertEqual(crash["annotations"]["request"], "GET /crash?...")

    def test_a_request_in_another_event_loop_than_asyncios_has_no_task(self):
        crash = self.crash_of(ASGI + """
async def application(scope, receive, send): crash_here()
application = pyfault.hooks.asgi.Middleware(application)
get("/crash").send(None)
""")
        self.assertEqual(crash["annotations"], {"requests": "1 open: GET /crash?..."})

    def test_requests_that_take_turns_in_an_event_loop_are_listed_with_their_tasks(self):
        crash = self.crash_of(ASGI + """
async def main():
    await asyncio.gather(*(asyncio.ensure_future(get(path)) for path in ("/waits", "/crash")))
asyncio.run(main())
""")
        requests = crash["annotations"]["requests"]
        self.assertRegex(requests, r"\A2 open: GET /waits\?\.\.\. in Task-[0-9]+; GET /crash\?\.\.\. in Task-[0-9]+\Z")
        self.assertIn(f"GET /crash?... in {crash['threads'][0]['task']}", requests)


class LoggingTest(HookTest):
    def test_the_last_records_are_breadcrumbs(self):
        crash = self.crash_of(CRASH + """
import logging, pyfault.hooks.logging
pyfault.hooks.logging.install()
pyfault.hooks.logging.install()
logging.getLogger("app").warning("paid %d\\nforged", 7)
logging.getLogger("app").debug("not this")
crash_here()
""")
        self.assertEqual(self.crumbs(crash), ["WARNING app: paid 7 forged"])

    def test_it_can_be_undone(self):
        crash = self.crash_of(CRASH + """
import logging, pyfault.hooks.logging
pyfault.hooks.logging.install()
pyfault.hooks.logging.uninstall()
logging.getLogger("app").warning("paid")
crash_here()
""")
        self.assertEqual(self.crumbs(crash), [])


if __name__ == "__main__":
    unittest.main()
