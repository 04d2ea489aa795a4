#!/usr/bin/env python3
"""How much stack the signal side takes. usage: stack_budget.py OBJECT...

Reads what GCC's -fcallgraph-info=su writes beside each object (x.cc.ci for x.cc.o).
Blind spot: calls through pointers and into libc.
"""
import os
import re
import sys

# How many bytes of stack the deepest chain of calls may take, by the function that it begins with. The signal handler
# itself begins on the alternate stack that the program has set, which may be small, and soon switches to the agent's
# own (agent/in_signal/switch_stack.h).
CHAIN_LIMITS = {"on_signal": 512}
CHAIN_LIMIT = 4096  # for every other function

NODE = re.compile(r'node: \{ title: "([^"]+)" label: "([^"\\]+)\\n([^":]+):\d+:\d+\\n(\d+) bytes \(([^)]+)\)')
EDGE = re.compile(r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"')


class Graph:
    def __init__(self, texts):
        self.functions = {}  # title: (name, file, bytes, kind)
        self.calls = {}
        for text in texts:
            for title, name, file, size, kind in NODE.findall(text):
                self.functions[title] = (name, file, int(size), kind)
            for caller, callee in EDGE.findall(text):
                self.calls.setdefault(caller, set()).add(callee)

    def deepest(self, title, above=()):
        """Returns (bytes, titles) of the deepest chain of calls from this function. Raises RecursionError on a cycle."""
        if title in above:
            raise RecursionError(title)
        callees = [callee for callee in self.calls.get(title, ()) if callee in self.functions]
        below = max((self.deepest(callee, (*above, title)) for callee in callees), default=(0, []))
        return below[0] + self.functions[title][2], [title, *below[1]]


def limit_of(name):
    return next((limit for start, limit in CHAIN_LIMITS.items() if re.search(rf"\b{start}\(", name)), CHAIN_LIMIT)


def dynamic_functions(graph):
    return [f"{file}: {name}: its stack use is {kind}, not static"
            for name, file, _, kind in graph.functions.values() if kind != "static"]


def chain_problems(graph):
    for title, (name, *_) in graph.functions.items():
        try:
            size, chain = graph.deepest(title)
        except RecursionError:
            yield f"{name}: calls itself, directly or through others, or what it calls does"
            continue
        if size > limit_of(name):
            links = " > ".join(graph.functions[link][0] for link in chain)
            yield f"{size} bytes of stack, more than {limit_of(name)}: {links}"


def lost_entries(graph):
    names = " ".join(name for name, *_ in graph.functions.values())
    return [f"{start}: no such function (renamed?)" for start in CHAIN_LIMITS if not re.search(rf"\b{start}\(", names)]


def check(texts):
    graph = Graph(texts)
    return [*lost_entries(graph), *dynamic_functions(graph), *chain_problems(graph)]


def call_graph_beside(path):
    return path.removesuffix(".o") + ".ci"


def main(objects):
    # There is no call graph for assembly. Its few functions are reviewed by hand.
    graphs = [call_graph_beside(path) for path in objects if not path.endswith(".S.o")]
    missing = [path for path in graphs if not os.path.exists(path)]
    if missing:
        return (f"{missing[0]}: no call graph. A compiler cache that stands in for the compiler keeps none: "
                "remove the objects beside it and build without the cache.")
    return "\n".join(check([open(path, encoding="utf-8").read() for path in graphs])) or None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
