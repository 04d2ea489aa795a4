"""Damage to the chain of frames that the interpreter itself walks."""

import ctypes
import sys

_FRAME_OBJECT_BACK = 24  # up to 3.10: PyFrameObject.f_back
_FRAME_OBJECT_FRAME = 24  # from 3.11 on: PyFrameObject.f_frame
_PREVIOUS = 48 if sys.version_info < (3, 12) else 8  # _PyInterpreterFrame.previous


def address(frame):
    """Where the interpreter's own frame behind a frame object lies."""
    if sys.version_info < (3, 11):
        return id(frame)
    return ctypes.c_size_t.from_address(id(frame) + _FRAME_OBJECT_FRAME).value


def set_caller(frame, caller):
    """Makes the address `caller` the frame that `frame` returns to."""
    offset = _FRAME_OBJECT_BACK if sys.version_info < (3, 11) else _PREVIOUS
    ctypes.c_size_t.from_address(address(frame) + offset).value = caller
