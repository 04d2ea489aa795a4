import faulthandler

for length in (499, 500, 501):
    name = "f" * length
    source = "def " + name + "(then):\n    then()\n"
    exec(compile(source, "/app/" + "g" * (length - 5), "exec"))

f499 = globals()["f" * 499]
f500 = globals()["f" * 500]
f501 = globals()["f" * 501]
f501(lambda: f500(lambda: f499(faulthandler._sigsegv)))
