# A POSIX thread that Python does not know crashes while the main thread holds the GIL.
#
# Expect: SIGILL
# Frames: none
# Interpreter: none
# Threads: 2
# Faulthandler: differs, the busy thread is somewhere else in every run
from helpers import c_threads, machine_code

c_threads.start(machine_code.load(machine_code.UNDEFINED))
while True:
    pass
