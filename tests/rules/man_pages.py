#!/usr/bin/env python3
"""What the programs and the configuration take is in their man pages and completions.

usage: man_pages.py SOURCE_ROOT PYFAULT_WATCHDOG PYFAULTCTL
"""
import os
import re
import shutil
import subprocess
import sys

OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z-]*|-[a-z])(?![\w-])")
COMMAND = re.compile(r"^  ([a-z][a-z-]*) ", re.M)  # indented in the help text
# Matches calls of a TableReader: get("key", ...), table("key"), tables("key"), read_table("key", ...),
# get_size(table, "key", ...)
KEY = re.compile(r'\b(?:get|get_signal|get_signal_or_none|get_signals_or_none|choose|get_mode|get_size|tables?|read_table)\((?:\w+, )?"(\w+)"')
# An event kind's name and MESSAGE_ID, as in: EventKind kKind = {"start", "e076...
KIND = re.compile(r'EventKind k\w+ = \{"([a-z-]+)",\s*"([0-9a-f]{32})"')


def flags_of(page):
    long = {"--" + name.replace("\\-", "-") for name in re.findall(r"\bFl Fl ([a-z\\-]+)", page)}
    return long | {"-" + name for name in re.findall(r"\bFl ([a-z])\b", page)}


def words_of(page):
    macros = re.findall(r"^\.(?:It )?(?:Cm|Ic) (.*)$", page, re.M)
    return {word.strip("[]") for line in macros for word in line.split()}


def kinds_in(source):
    """The words that the page of events must have for these kinds: names and MESSAGE_IDs."""
    return {word for kind in KIND.findall(source) for word in kind}


def missing_anywhere(words, page):
    return sorted(word for word in words if not re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", page))


def keys_in(source):
    return set(KEY.findall(source))


def missing_options(help_text, page):
    return sorted(set(OPTION.findall(help_text)) - flags_of(page))


def missing_words(words, page):
    return sorted(set(words) - words_of(page))


def formatting_problems(page):
    """What a formatter of man pages complains about; nothing if no formatter is installed."""
    if shutil.which("mandoc"):
        run = subprocess.run(["mandoc", "-Tlint", "-Wwarning", page], capture_output=True, text=True)
        return run.stdout.splitlines()
    if shutil.which("groff"):
        run = subprocess.run(["groff", "-mandoc", "-ww", "-Tutf8", "-z", page], capture_output=True, text=True)
        return run.stderr.splitlines()
    print("neither mandoc nor groff is here: how the pages are set is not checked", file=sys.stderr)
    return []


def read(root, *path):
    with open(os.path.join(root, *path), encoding="utf-8") as file:
        return file.read()


def help_of(program, *command):
    """The help without its examples, which show the options of other programs too, and that of each of its commands."""
    run = subprocess.run([program, *command, "--help"], capture_output=True, text=True, check=True)
    text = run.stdout.partition("\nExample")[0]
    return text + "".join(help_of(program, each) for each in COMMAND.findall(text))


def config_keys(root):
    folders = [os.path.join(root, "watchdog", name) for name in ("config", "log")]
    files = [(folder, name) for folder in folders for name in os.listdir(folder) if name.endswith(".cc")]
    return set().union(*(keys_in(read(*file)) for file in files))


def check(root, programs):
    problems = []
    for program, page_name in ((programs[0], "pyfault-watchdog.8"), (programs[1], "pyfaultctl.1")):
        help_text = help_of(program)
        page = read(root, "watchdog/man", page_name)
        completion = read(root, "watchdog/completion", os.path.basename(program) + ".bash")
        commands = COMMAND.findall(help_text)
        long_options = [option for option in OPTION.findall(help_text) if option.startswith("--")]
        problems += [f"{page_name}: {each} is missing" for each in missing_options(help_text, page)]
        problems += [f"{page_name}: {each} is missing" for each in missing_words(commands, page)]
        problems += [f"completion of {os.path.basename(program)}: {each} is missing"
                     for each in missing_anywhere({*commands, *long_options}, completion)]
    page = read(root, "watchdog/man/pyfault-watchdog.toml.5")
    problems += [f"pyfault-watchdog.toml.5: {key} is missing" for key in missing_words(config_keys(root), page)]
    kinds = kinds_in(read(root, "watchdog/event/event.h"))
    events = read(root, "watchdog/man/pyfault-events.5")
    problems += [f"pyfault-events.5: {each} is missing" for each in missing_anywhere(kinds, events)]
    for name in sorted(os.listdir(os.path.join(root, "watchdog/man"))):
        problems += formatting_problems(os.path.join(root, "watchdog/man", name))
    return problems


if __name__ == "__main__":
    found = check(sys.argv[1], sys.argv[2:])
    sys.exit("\n".join(found) or None)
