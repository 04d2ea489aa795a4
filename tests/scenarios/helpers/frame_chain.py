"""Damages the chain of frames that the interpreter itself follows."""

import ctypes
import sys

_FRAME_OBJECT_BACK = 24  # up to 3.10: PyFrameObject.f_back
_FRAME_OBJECT_FRAME = object.__basicsize__ + 8  # from 3.11 on: PyFrameObject.f_frame
_FRAME_OBJECT_CODE = 32  # up to 3.10: PyFrameObject.f_code
_CODE = 0 if sys.version_info >= (3, 12) else 32  # _PyInterpreterFrame.f_executable, f_code
_PREVIOUS = 48 if sys.version_info < (3, 12) else 8  # _PyInterpreterFrame.previous


def address(frame):
    """The address of the interpreter's own frame behind a frame object."""
    if sys.version_info < (3, 11):
        return id(frame)
    return ctypes.c_size_t.from_address(id(frame) + _FRAME_OBJECT_FRAME).value


def set_caller(frame, caller):
    """Makes `frame` return to the frame at address `caller`."""
    offset = _FRAME_OBJECT_BACK if sys.version_info < (3, 11) else _PREVIOUS
    ctypes.c_size_t.from_address(address(frame) + offset).value = caller


def set_code(frame, code):
    """Makes `frame` refer to a code object at address `code`."""
    offset = _FRAME_OBJECT_CODE if sys.version_info < (3, 11) else _CODE
    ctypes.c_size_t.from_address(address(frame) + offset).value = code


def pointer_to(something):
    _kept.append(something)
    return id(something)


_kept = []
