"""Scripts that have nothing to do with the lab, each of another kind: what they write and end with is Python's affair.

Each is a text, with its arguments and what it reads.
"""

from __future__ import annotations

import os
from typing import NamedTuple


class Script(NamedTuple):
    """One script: its text, its arguments, what stands in its stdin."""

    text: str
    arguments: tuple[str, ...] = ()
    stdin: str = ""


NEIGHBOUR = """
import threading
gate = threading.Semaphore(1)
print("imported as", __name__)
"""

SCRIPTS = {
    "prints": Script(
        """
import os, sys
print("a", "b", sep="-", end="!\\n")
sys.stdout.writelines(["some\\n", "lines\\n"])
sys.stdout.flush()
os.write(1, b"past Python\\n")
sys.stdout.buffer.write(b"bytes\\n")
print("flushed", flush=True)
os.write(1, b"after it\\n")
print("an error", file=sys.stderr)
print("the last, without an end", end="")
"""
    ),
    "empty": Script(""),
    "its arguments": Script(
        """
"A doc."
import sys, __main__
print(sys.argv, sys.path[0], __file__, __name__, __package__, __spec__, __doc__, __cached__, type(__loader__).__name__)
print(__main__.__dict__ is globals(), __builtins__)
""",
        ("a", "--seed", "7", "--", "-m", "--help"),
    ),
    "its input": Script(
        """
import sys
print("hello", input("name? "))
print(sys.stdin.read().upper())
try:
    input()
except EOFError as error:
    print(error)
""",
        stdin="Ann\nmore\nlines",
    ),
    "an exception and its cause": Script(
        """
def divide(by):
    try:
        return 1 / by
    except ZeroDivisionError as error:
        raise ValueError("no") from error
divide(0)
"""
    ),
    "an exception of a semaphore": Script("import threading\nthreading.BoundedSemaphore(1).release()\n"),
    "an exception of sleep": Script("import time\ntime.sleep(-1)\n"),
    "a group of exceptions": Script("raise ExceptionGroup('g', [ValueError(1), TypeError('t')])\n"),
    "no Python": Script('print("x"\ny = 1\n'),
    "exit with a number": Script("import sys\nprint('x')\nsys.exit(3)\n"),
    "exit with a large number": Script("import sys\nsys.exit(-1)\n"),
    "exit with a text": Script("import sys\nsys.exit('text')\n"),
    "exit with nothing": Script("import sys\nsys.exit()\n"),
    "exit at once": Script("import os\nprint('kept', flush=True)\nprint('lost')\nos._exit(7)\n"),
    "a neighbour": Script("import neighbour\nwith neighbour.gate:\n    print('inside')\n"),
    "guarded by its name": Script(
        "def main():\n    return 4\nif __name__ == '__main__':\n    raise SystemExit(main())\n"
    ),
    "pickled classes": Script(
        """
import dataclasses, enum, pickle, typing
@dataclasses.dataclass
class Point:
    x: int
    y: "typing.ClassVar[int]" = 2
class Colour(enum.Enum):
    RED = 1
back = pickle.loads(pickle.dumps((Point(3), Colour.RED)))
print(back, type(back[0]) is Point, back[1] is Colour.RED, typing.get_type_hints(Point))
"""
    ),
    "threads": Script(
        """
import queue, threading
out, lock, q = [], threading.Lock(), queue.Queue()
def work(i):
    with lock:
        out.append(i)
    q.put(i)
threads = [threading.Thread(target=work, args=(i,)) for i in range(5)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(sorted(out), q.qsize(), threading.current_thread().name, threading.main_thread() is threading.current_thread())
"""
    ),
    "an exception in a thread": Script(
        """
import threading
def work():
    raise KeyError("k")
thread = threading.Thread(target=work, name="bad")
thread.start()
thread.join()
print("main goes on")
"""
    ),
    "a thread outlives main": Script(
        """
import atexit, sys, threading
gate = threading.Semaphore(0)
def work():
    gate.acquire()
    print("the last to write", file=sys.stderr)
def shown(*told):
    sys.__excepthook__(*told)
    gate.release()
sys.excepthook = shown
atexit.register(print, "at exit")
threading.Thread(target=work).start()
raise ValueError("main")
"""
    ),
    "a daemon": Script(
        """
import threading, time
def work():
    while True:
        time.sleep(0.001)
threading.Thread(target=work, daemon=True).start()
print("done")
"""
    ),
    "at exit": Script(
        """
import atexit, sys, threading
gate = threading.Semaphore(1)
def bye():
    with gate:
        print("bye", __name__, sys.argv[1:])
atexit.register(bye)
sys.exit(5)
""",
        ("x",),
    ),
    "asyncio": Script(
        """
import asyncio
async def work(room, i):
    async with room:
        await asyncio.sleep(0)
        return i
async def main():
    room = asyncio.Semaphore(2)
    print(await asyncio.gather(*(work(room, i) for i in range(4))), await asyncio.to_thread(lambda: "in a thread"))
asyncio.run(main())
"""
    ),
    "pools and logs": Script(
        """
import logging
from concurrent.futures import ThreadPoolExecutor
logging.basicConfig(level="INFO", format="%(message)s")
pool = ThreadPoolExecutor(2)
logging.info(list(pool.map(len, ["a", "bb"])))
"""
    ),
    "a hook of its own": Script(
        """
import sys, threading
def hook(kind, error, trace):
    print(kind.__name__, error, trace.tb_frame.f_code.co_name, trace.tb_next)
    raise TypeError("of the hook")
sys.excepthook = hook
threading.excepthook = lambda told: print("of", told.thread.name, told.exc_value)
def work():
    raise KeyError("k")
thread = threading.Thread(target=work, name="bad")
thread.start()
thread.join()
raise ValueError("x")
"""
    ),
    "its streams replaced": Script(
        """
import contextlib, io, sys
kept = io.StringIO()
with contextlib.redirect_stdout(kept):
    print("inside")
print(repr(kept.getvalue()), sys.stdout.isatty(), sys.stdout.encoding, sys.stdout.fileno())
sys.stdout = io.StringIO()
print("lost")
"""
    ),
    "warnings and deep calls": Script(
        """
import warnings
warnings.warn("careful", DeprecationWarning)
def deep():
    deep()
try:
    deep()
except RecursionError as error:
    print(error)
x: int = 3
print(__annotations__)
"""
    ),
    "what cannot be written": Script("print('a\\ud800')\n"),
    "processes, spawned": Script(
        """
import multiprocessing, sys
def square(x):
    return x * x
def child(ends):
    ends.send(__name__)
    sys.exit(9)
if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    mine, ends = context.Pipe()
    process = context.Process(target=child, args=(ends,))
    process.start()
    print(mine.recv())
    process.join()
    print(process.exitcode)
"""
    ),
}
if hasattr(os, "fork"):  # not on Windows
    SCRIPTS |= {
        "processes, forked": Script(
            """
import multiprocessing, sys
def bad():
    print("in the child", flush=True)
    raise ValueError("of the child")
if __name__ == "__main__":
    context = multiprocessing.get_context("fork")
    with context.Pool(2) as pool:
        print(pool.map(len, ["a", "bb"]))
    process = context.Process(target=bad, name="child")
    process.start()
    process.join()
    print(process.exitcode)
"""
        ),
        "forked by hand": Script(
            """
import os, warnings
warnings.simplefilter("ignore")  # from 3.12 on: under the lab the process has a thread more, which watches
def born(error):
    pid = os.fork()
    if not pid:
        print("a child", flush=True)
        raise error
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
born(SystemExit(6))
born(SystemExit("text"))
born(ValueError("of the child"))
"""
        ),
        "killed": Script(
            "import os, signal\nprint('kept', flush=True)\nprint('lost')\nos.kill(os.getpid(), signal.SIGKILL)\n"
        ),
        "a signal": Script(
            """
import os, signal
signal.signal(signal.SIGUSR1, lambda number, frame: print("got", number))
os.kill(os.getpid(), signal.SIGUSR1)
while signal.SIGUSR1 in signal.sigpending(): pass
"""
        ),
    }
