# What faulthandler has in the version that runs; enable() and disable() are explained in the module.
import sys
from faulthandler import (
    cancel_dump_traceback_later as cancel_dump_traceback_later,
    dump_traceback as dump_traceback,
    dump_traceback_later as dump_traceback_later,
    enable as enable,
    disable as disable,
    is_enabled as is_enabled,
    register as register,
    unregister as unregister,
)

if sys.version_info >= (3, 14):
    from faulthandler import dump_c_stack as dump_c_stack
