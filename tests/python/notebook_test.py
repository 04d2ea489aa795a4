"""pyfault.enable() in the kernel of a notebook, which reads its own stderr."""
import unittest

from program import ProgramTest, has

# Runs cells, each an argument, in a kernel whose stderr is a file. Prints what they print.
NOTEBOOK = """
import queue, sys
from jupyter_client import KernelManager

def printed(client, code):
    request = client.execute(code)
    while kernel.is_alive():
        try:
            message = client.get_iopub_msg(timeout=0.2)
        except queue.Empty:
            continue
        if message["parent_header"].get("msg_id") != request:
            continue
        if message["msg_type"] == "stream":
            print(message["content"]["text"])
        if message["msg_type"] == "error":
            print(*message["content"]["traceback"])
        if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
            return

kernel = KernelManager()
kernel.kernel_spec.argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
with open("stderr", "w") as stderr:
    kernel.start_kernel(stderr=stderr)
client = kernel.blocking_client()
client.start_channels()
client.wait_for_ready(timeout=120)
for cell in sys.argv[1:]:
    printed(client, cell)
client.stop_channels()
kernel.shutdown_kernel(now=True)
"""


@unittest.skipUnless(has("ipykernel") and has("jupyter_client"), "needs ipykernel and jupyter_client")
class NotebookTest(ProgramTest):
    def run_cells(self, *cells):
        for name in ("IPYTHONDIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
            self.environment[name] = self.path(name.lower())
        ended = self.run_words(self.write("notebook.py", NOTEBOOK), *cells)
        self.assertEqual(ended.status, 0, ended)
        return ended

    def test_a_crash_names_the_cell(self):
        ended = self.run_cells("%load_ext pyfault.hooks.ipython", "import ctypes", "ctypes.string_at(0)")
        crash, = ended.crashes()
        self.assertEqual(crash["annotations"], {"cell": "ctypes.string_at(0)"})
        self.assertIn("<module>", [frame.get("function") for frame in crash["threads"][0]["frames"]])

    def test_the_report_goes_where_the_kernel_wrote_before_it_was_captured(self):
        del self.environment["PYFAULT_LOG"]
        ended = self.run_cells("import pyfault; pyfault.enable(); print(pyfault.status().missing)",
                               "import ctypes; ctypes.string_at(0)")
        self.assertNotIn("lost", ended.stdout)
        with open(self.path("stderr")) as stderr:
            self.assertIn('"event":"crash"', stderr.read())


if __name__ == "__main__":
    unittest.main()
