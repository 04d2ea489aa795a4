"""The wheel of a build folder."""
import glob
import os


def find(build):
    (path,) = glob.glob(os.path.join(glob.escape(build), "dist", "pyfault-*.whl"))
    return path
