# A child of posix_spawn() dies in its first instruction, before any of our code runs in it: no
# other process may be blamed.
#
# Expect: exit 11
# Crashes: 0
# Faulthandler: nothing
import os
import sys

from helpers import machine_code

with open("program", "wb") as program:
    program.write(machine_code.program_that_crashes())
os.chmod("program", 0o700)
_, status = os.waitpid(os.posix_spawn("./program", ["program"], os.environ), 0)
sys.exit(os.WTERMSIG(status))
