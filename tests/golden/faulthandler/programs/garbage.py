import faulthandler
import gc


class Cycle:
    def __init__(self):
        self.itself = self

    def __del__(self):
        faulthandler._sigsegv()


Cycle()
gc.collect()
