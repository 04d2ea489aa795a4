import _thread
import faulthandler

started = _thread.allocate_lock()
never = _thread.allocate_lock()
started.acquire()
never.acquire()


def wait_for_ever():
    started.release()
    never.acquire()


_thread.stack_size(256 * 1024)
for _ in range(100):
    _thread.start_new_thread(wait_for_ever, ())
    started.acquire()
faulthandler._sigsegv()
