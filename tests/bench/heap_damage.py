"""Overwrites random words of another process's heap, its stack, or given ranges, while the process stands still."""
import array
import random
import time

WORD = 8
HEAP_MAPPING = 128 << 10  # malloc and pymalloc map at least this much at once; smaller mappings belong to others
LIBRARY_DATA = 1 << 20  # a smaller mapping directly behind a file is its .bss, such as that of the agent
THREAD_STACK = 8 << 20
READ = "0"  # the number of a system call


def mappings(pid):
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps:
        for line in maps:
            fields = line.split()
            begin, end = (int(part, 16) for part in fields[0].split("-"))
            yield begin, end, fields[1], fields[5] if len(fields) > 5 else ""


def heap_ranges(pid):
    """[heap] and what malloc and pymalloc have mapped. Leaves out stacks, which lie above a guard page."""
    guard_end = file_end = None
    for begin, end, rights, name in mappings(pid):
        if name.startswith("/"):
            file_end = end
        if begin == file_end and end - begin < LIBRARY_DATA and name != "[heap]":
            continue
        if rights == "---p" and not name:
            guard_end = end
            continue
        if begin == guard_end:
            begin = min(end, begin + THREAD_STACK)  # skips a stack; arenas may follow in the same mapping
        if name == "[heap]" or (not name and rights == "rw-p" and end - begin >= HEAP_MAPPING):
            yield begin, end


def stack_range(pid):
    """The main thread's stack, from the function that waits for a byte up to where the program was started."""
    while True:
        with open(f"/proc/{pid}/syscall", encoding="utf-8") as file:
            call = file.read().split()
        if call[0] == READ:
            break
        time.sleep(0.001)
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        start = int(file.read().rpartition(")")[2].split()[25])
    return int(call[-2], 16) // WORD * WORD, start // WORD * WORD


def place_ranges(places):
    for address, size in places:
        yield address // WORD * WORD, (address + size) // WORD * WORD


class Words:
    """The words of several ranges of a process's memory, addressed by one index."""

    def __init__(self, memory, ranges):
        self.memory = memory
        self.places = []
        self.values = array.array("Q")
        for begin, end in ranges:
            try:
                memory.seek(begin)
                self.values.frombytes(memory.read(end - begin))
            except OSError:
                continue  # not readable although it is mapped, such as a guard region
            self.places.append((len(self.values), end))

    def address(self, index):
        count, end = next(place for place in self.places if index < place[0])
        return end - (count - index) * WORD

    def write(self, index, value):
        self.memory.seek(self.address(index))
        self.memory.write(value.to_bytes(WORD, "little"))


def damaged(old, values, chance):
    """A value that a stray write, a stale pointer or a flipped bit may leave behind."""
    return chance.choice((chance.getrandbits(64), old ^ 1 << chance.randrange(64), 0, chance.choice(values),
                          (old + chance.choice((-64, -8, -1, 1, 8, 64))) % 2**64, chance.randrange(4096),
                          0xdddddddddddddddd))


def pick(values, count, chance):
    """Picks different indices of words that are not zero; fewer than `count` if there are few such words."""
    picked = {}
    for _ in range(20 * count):
        index = chance.randrange(len(values))
        if values[index]:
            picked[index] = None
        if len(picked) == count:
            break
    return list(picked)


def damage(pid, ranges, count, seed):
    """Overwrites `count` words that are in use, that is, not zero. Returns [[address, before, after]]."""
    chance = random.Random(seed)
    done = []
    with open(f"/proc/{pid}/mem", "r+b", buffering=0) as memory:
        words = Words(memory, ranges)
        for index in pick(words.values, count, chance):
            old = words.values[index]
            new = damaged(old, words.values, chance)
            words.write(index, new)
            done.append([words.address(index), old, new])
    return done
