"""Debian's frameworks for other interpreters than Debian's.

What is not compiled serves every interpreter for which it is not too new or too old. Others than these
packages must not be found by an interpreter that they were not made for, so they get a folder of links.
"""
import glob
import os
import subprocess

_DEBIAN = "/usr/lib/python3/dist-packages"
# Each framework with what it imports. billiard and the like do without their compiled parts.
_FRAMEWORKS = {
    "gunicorn": [],
    "uvicorn": ["click", "h11"],
    "django": ["asgiref", "pytz", "sqlparse"],
    "celery": ["amqp", "billiard", "click", "click_didyoumean", "click_plugins", "click_repl", "kombu",
               "prompt_toolkit", "pytz", "six.py", "vine", "wcwidth"],
    "joblib": [],
    "pytest": ["_pytest", "attr", "exceptiongroup", "iniconfig", "packaging", "pluggy", "py", "py.py", "tomli"],
    "xdist": ["execnet", "pytest_xdist-*"],  # pytest finds it by its metadata
    "IPython": ["asttokens", "backcall", "decorator.py", "executing", "jedi", "matplotlib_inline", "parso", "pexpect",
                "pickleshare.py", "prompt_toolkit", "ptyprocess", "pure_eval", "pygments", "six.py", "stack_data",
                "traitlets", "wcwidth"],
}
# Prints those that the interpreter has.
_WHICH = "import importlib.util, sys; print(*filter(importlib.util.find_spec, sys.argv[1:]))"


def link(interpreter, folder):
    """Puts links to what the interpreter has not itself into the folder."""
    which = subprocess.run([interpreter, "-E", "-c", _WHICH, *_FRAMEWORKS], stdout=subprocess.PIPE,
                           universal_newlines=True, check=True)
    for framework in _FRAMEWORKS.keys() - which.stdout.split():
        for name in [framework, *_FRAMEWORKS[framework]]:
            for source in glob.glob(os.path.join(_DEBIAN, name)):
                copy = os.path.join(folder, os.path.basename(source))
                if not os.path.lexists(copy):
                    os.symlink(source, copy)
