import faulthandler


def down(depth):
    if depth == 0:
        faulthandler._sigsegv()
    down(depth - 1)


down(98)
