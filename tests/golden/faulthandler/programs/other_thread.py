import _thread
import faulthandler

never = _thread.allocate_lock()
never.acquire()


def crash():
    faulthandler._sigsegv()


_thread.start_new_thread(crash, ())
never.acquire()
