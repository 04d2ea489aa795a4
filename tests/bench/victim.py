"""Stands still in C code below a known stack, says where everything is, and faults when told.
usage: victim.py [LIBRARY]    prints one JSON object and, standing still, an empty line; waits for a byte on stdin; writes
                              to address 0

It stands still in machine code that was made at run time, by which no stack can be unwound, or in the library's.

{"pid": n, "stack": [{"file", "line", "function", "code"}], innermost first,
 "own": [[address, size]]: everything that a report of this stack is read from; "frames": [[address, size]]: frames, code
 objects, thread and interpreter state}
"""
import ctypes
import decimal
import functools
import json
import logging
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "scenarios"))
from helpers import frame_chain, machine_code, parked  # noqa: E402

# write(1, "\n", 1), read(0, stack, 1) and then a write to address 0
WAIT_AND_FAULT = bytes.fromhex("4883ec08 c604240a b801000000 bf01000000 4889e6 ba01000000 0f05 31c0 31ff 0f05 31c0 8800")
THREAD_STATE_BYTES = 200
INTERPRETER_STATE_BYTES = 7680


def live_heap():
    """Objects of many kinds."""
    numbers = {f"key {i}": [decimal.Decimal(i), str(i) * 20, {"index": i}] for i in range(5000)}
    return numbers, [bytes(i % 700) for i in range(3000)], logging.getLogger("heap").manager


def chain(frame):
    while frame is not None:
        yield frame
        frame = frame.f_back


def described(frame):
    code = frame.f_code
    return {"file": code.co_filename, "line": frame.f_lineno, "code": hex(id(code)),
            "function": getattr(code, "co_qualname", code.co_name)}


def whole(thing):
    return [id(thing), sys.getsizeof(thing)]


def frame_memory(frame):
    if sys.version_info < (3, 11):
        return whole(frame)
    return [frame_chain.address(frame), 80 + 8 * frame.f_code.co_nlocals]


def parts(code):
    """The objects that a code object's name and line numbers are read from."""
    names = {id(text): text for text in (code.co_filename, code.co_name, getattr(code, "co_qualname", code.co_name))}
    table = code.co_lnotab if sys.version_info < (3, 10) else code.co_linetable
    return [whole(thing) for thing in (*names.values(), table)]


def states():
    current = ctypes.pythonapi.PyThreadState_Get
    current.restype = ctypes.c_void_p
    thread = current()
    if sys.version_info < (3, 9):
        return [[thread, THREAD_STATE_BYTES]]
    get = ctypes.pythonapi.PyInterpreterState_Get
    get.restype = ctypes.c_void_p
    return [[thread, THREAD_STATE_BYTES], [get(), INTERPRETER_STATE_BYTES]]


def say(innermost):
    frames = list(chain(innermost))
    memory = [place for frame in frames for place in (frame_memory(frame), whole(frame.f_code))] + states()
    own = memory + [place for frame in frames for place in parts(frame.f_code)]
    print(json.dumps({"pid": os.getpid(), "stack": [described(frame) for frame in frames],
                      "own": own, "frames": memory}), flush=True)
    return 0


def decode(chunk):
    fault(say(sys._getframe()), chunk)


class Service:
    def handle(self, request):
        for chunk in self.split(request):
            decode(chunk)

    def split(self, request):
        yield from sorted(request, key=self.weigh)

    def weigh(self, chunk):
        return functools.reduce(self.step, chunk, 0)

    def step(self, total, part):
        if part == 7:
            decode(part)
        return total + part


def wait_for_ever():
    gate.acquire()


def main():
    heap = live_heap()
    parked.start(wait_for_ever, "waiter")
    Service().handle([[1, 2], [3, 7]])
    return heap


gate = threading.Lock()
gate.acquire()
# PYFUNCTYPE keeps the GIL, as a call of an extension module does.
standing = ("stand", ctypes.PyDLL(sys.argv[1])) if sys.argv[1:] else machine_code.load(WAIT_AND_FAULT)
fault = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.py_object)(standing)
main()
