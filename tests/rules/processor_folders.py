#!/usr/bin/env python3
"""What depends on the processor is in agent/arch/NAME. usage: processor_folders.py SOURCE_ROOT

Each of these folders has the same files (agent/arch/processor.h). Elsewhere in the agent and in shared/, only the
record knows the processor, for the registers that it holds.
"""
import os
import re
import sys

FOLDERS = "agent/arch"
FILES = {"processor.h", "instructions.cc", "guarded_copy.S", "switch_stack.S"}
MAY_KNOW = {"shared/record.h"}
# What only code for one processor names: its macros, registers, instructions, numbers in the kernel's interfaces.
WORDS = re.compile(r"__x86_64__|__aarch64__|__riscv|\bREG_[A-Z]\w*|\bgregs?\b|\bgreg_t\b|\basm\b|\bAUDIT_ARCH_\w+|\bEM_[A-Z]\w+")


def files_below(root, folder):
    for place, _, names in os.walk(os.path.join(root, folder)):
        yield from (os.path.relpath(os.path.join(place, name), root) for name in sorted(names))


def check_folders(root):
    for name in sorted(os.listdir(os.path.join(root, FOLDERS))):
        folder = os.path.join(root, FOLDERS, name)
        if os.path.isdir(folder) and set(os.listdir(folder)) != FILES:
            yield f"{FOLDERS}/{name}: its files are not {', '.join(sorted(FILES))}"


def check_words(root):
    for path in [*files_below(root, "agent"), *files_below(root, "shared")]:
        in_folder = path.startswith(FOLDERS + "/") and path.count("/") > FOLDERS.count("/") + 1
        if in_folder or path in MAY_KNOW or not path.endswith((".h", ".cc", ".S")):
            continue
        with open(os.path.join(root, path), encoding="utf-8") as source:
            yield from (f"{path}: {word} belongs in {FOLDERS}/NAME" for word in sorted(set(WORDS.findall(source.read()))))


def check(root):
    return [*check_folders(root), *check_words(root)]


if __name__ == "__main__":
    found = check(sys.argv[1])
    sys.exit("\n".join(found) or None)
