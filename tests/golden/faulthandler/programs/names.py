import faulthandler

SOURCE = "def NAME():\n    crash()\nNAME()\n"


def run(file, name):
    code = compile(SOURCE.replace("NAME", "naïve_名_\U00020000"), file, "exec")
    exec(code, {"crash": name})


run("/app/\x1b[31m\x7f\x85é名\U0001f600\udc80\\n\".py", faulthandler._sigsegv)
