import ctypes

new_capsule = ctypes.pythonapi.PyCapsule_New
new_capsule.restype = ctypes.py_object
new_capsule.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
abort = ctypes.cast(ctypes.CDLL(None).abort, ctypes.c_void_p)
aborts_when_collected = new_capsule(1, b"", abort)
