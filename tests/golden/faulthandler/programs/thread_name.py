import faulthandler
import _thread
import sys

set_name = getattr(_thread, "set_name", None) or (lambda name: None)
set_name("é-worker-number-12")
faulthandler._sigsegv()
