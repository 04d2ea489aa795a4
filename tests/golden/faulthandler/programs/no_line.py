import faulthandler


def crash():
    faulthandler._sigsegv()


def caller():
    crash()


try:
    caller.__code__ = caller.__code__.replace(co_linetable=b"")
except (TypeError, ValueError):
    pass
caller()
