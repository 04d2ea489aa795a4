"""A small program that dies in native code: one thread crashes while two others wait."""
import ctypes
import sys
import threading


def wait_for_work(ready, stop):
    ready.wait()
    stop.wait()


class Decoder:
    def decode(self, chunk):
        return ctypes.string_at(chunk["pointer"]) + b"\n"  # a C extension with a bad pointer


def main():
    ready, stop = threading.Barrier(3), threading.Event()
    for number in (1, 2):
        threading.Thread(target=wait_for_work, args=(ready, stop), name=f"worker-{number}", daemon=True).start()
    ready.wait()
    print("the program: about to crash", flush=True)
    Decoder().decode({"pointer": 0})


sys.exit(main())
