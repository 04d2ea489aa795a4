"""Records what real interpreters' faulthandler prints for programs/*.py, as VERSION-CASE.txt.

usage: generate.py INTERPRETER...

The output is normalised, so that a run on any machine gives the same files: thread ids are numbered from
0x1000 in the order in which they first appear, and the programs seem to be in /app. What faulthandler prints
after the last thread (extension modules, 3.14's C stack) is removed.
"""

import pathlib
import re
import resource
import subprocess
import sys

HERE = pathlib.Path(__file__).parent


def normalised(text):
    text = re.split(r"\nExtension modules: |\nCurrent thread's C stack trace ", text)[0]
    text = re.sub(r'File "[^"]*/programs/', 'File "/app/', text)
    text = re.sub(r'File "(\w+\.py)"', r'File "/app/\1"', text)
    idents = list(dict.fromkeys(re.findall(r"hread 0x(\w{16})", text)))
    for number, ident in enumerate(idents):
        text = text.replace(ident, f"{0x1000 + number:016x}")
    return text


def main(interpreters):
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for interpreter in interpreters:
        show = "import sys; print('%d.%d.%d' % sys.version_info[:3])"
        version = subprocess.check_output([interpreter, "-c", show], text=True).strip()
        for program in sorted(HERE.glob("programs/*.py")):
            ran = subprocess.run([interpreter, "-X", "faulthandler", "-X", "utf8", program],
                                 stderr=subprocess.PIPE, timeout=60)
            text = normalised(ran.stderr.decode("utf-8", "backslashreplace"))
            (HERE / f"{version}-{program.stem}.txt").write_text(text)


main(sys.argv[1:])
