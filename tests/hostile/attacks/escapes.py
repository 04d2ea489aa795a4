"""Names of files, functions, threads and the command that hold escape sequences and line breaks."""
import ctypes
import os
import threading

bad = ["\x1b[2J\x1b]0;owned\x07", "a\nFAKE pyfault line", "\r\x00\x08\x7f", "\x9b31m\u202e\u2028", "\udcff\udc1b"]
for text in bad:
    if os.fork() == 0:
        scope = {}
        exec(compile("def f(call):\n    call(0, 1, 1)\n", text.replace("\x00", "?"), "exec"), scope)
        function = scope["f"]
        function.__code__ = function.__code__.replace(co_name=text)
        ctypes.CDLL(None).prctl(15, text.encode("utf-8", "surrogateescape") + b"\0")
        print(text.encode("utf-8", "surrogateescape"), flush=True)
        thread = threading.Thread(target=function, args=(ctypes.memset,), name=text)
        thread.start()
        thread.join()
    os.wait()
open(os.environ["HOSTILE_TRIES"], "w").write(str(len(bad)))
