"""`%%timeline` in a real kernel: a cell runs as any cell does, and is seen however its names came in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.live_kernel import LiveKernel, Reply, live_kernel

HELD = "Mutual exclusion held: never more than 1 inside"
EARLIER = """
%load_ext semalab
import threading
import threading as t
import time
from threading import Semaphore, Thread
import concurrent.futures as cf
from queue import Queue

class Worker(Thread):
    def __init__(self, work):
        super().__init__(name="a worker")
        self.work = work

    def run(self):
        self.work()

class Gate(Semaphore):
    pass

def started(threads):
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("notebook")


@pytest.fixture(scope="module")
def kernel(folder: Path) -> Iterator[LiveKernel]:
    (folder / "helpers.py").write_text(
        "import threading\nmutex = threading.Semaphore(1)\ndef guard():\n    return mutex\n"
    )
    with live_kernel(folder, history=True) as kernel:
        assert kernel.run(EARLIER) == Reply(None, "")
        yield kernel


@pytest.fixture(autouse=True)
def nothing_left(kernel: LiveKernel) -> Iterator[None]:
    threads = "sorted(t.name for t in threading.enumerate() if not type(t).__module__.startswith('zmq'))"
    look = f"{threads}, __import__, print, time.sleep, threading.Semaphore is Semaphore"
    before = kernel.run(look)
    yield
    assert kernel.run(look).displayed == before.displayed


def timeline(body: str, options: str = "--clock virtual") -> str:
    return f"%%timeline {options}\n{body}"


def test_prints_then_the_picture_then_the_sentence_then_the_last_value(kernel: LiveKernel) -> None:
    reply = kernel.run(timeline("mutex = Semaphore(1)\nwith mutex:\n    print('inside')\n6 * 7"))
    assert reply.error is None
    assert reply.output == f"inside\n{HELD}\n"
    picture, value = reply.displayed
    assert reply.order == ("stream", "display_data", "stream", "execute_result")
    assert picture["text/plain"] == HELD
    assert len(picture["image/png"]) > 1000
    assert value == {"text/plain": "42"}


def test_the_last_value_may_be_silenced(kernel: LiveKernel) -> None:
    assert kernel.run(timeline("6 * 7;")).order == ("display_data", "stream")
    assert kernel.run(timeline("nothing = None\nnothing")).order == ("display_data", "stream")


def test_an_empty_cell_is_a_run_too(kernel: LiveKernel) -> None:
    assert kernel.run(timeline("# nothing")).output == "main ran to the end; it used no semaphore of threading\n"


def test_what_the_cell_defines_stays_defined_with_the_real_thing_behind_it(kernel: LiveKernel) -> None:
    cell = """
    import threading as own, queue
    from threading import Event
    semaphore, lock, condition, event = own.Semaphore(3), own.Lock(), own.Condition(), Event()
    again, barrier, tasks, simple = own.RLock(), own.Barrier(2), queue.Queue(), queue.SimpleQueue()
    class Mine(own.Thread):
        pass
    class Fence(own.BoundedSemaphore):
        pass
    fence, ended, later = Fence(2), Mine(target=semaphore.acquire), own.Thread(target=semaphore.acquire)
    timer = own.Timer(1000, print)
    kept = [own.Semaphore(0), {"event": Event()}]
    started([ended])
    tasks.put("item")
    event.set()
    """
    assert kernel.run(timeline(re.sub("^    ", "", cell, flags=re.MULTILINE))).error is None
    look = """
    import _thread, queue
    assert own is threading and Event is threading.Event
    assert [type(x) for x in (semaphore, condition, event, barrier, tasks)] == [
        threading.Semaphore, threading.Condition, threading.Event, threading.Barrier, queue.Queue]
    assert type(lock) is type(threading.Lock()) and type(again) is type(threading.RLock())
    assert Mine.__bases__ == (threading.Thread,) and Fence.__bases__ == (threading.BoundedSemaphore,)
    assert type(kept[0]) is threading.Semaphore and type(kept[1]["event"]) is threading.Event
    assert type(ended) is Mine and not ended.is_alive() and ended.join() is None
    assert type(timer) is threading.Timer and "_program_thread" not in vars(ended)
    """
    assert kernel.run(re.sub("^    ", "", look, flags=re.MULTILINE)) == Reply(None, "")
    use = """
    later.start()
    later.join()
    with lock, again, condition, fence:
        condition.notify()
        assert not condition.wait(0.001)
    assert semaphore._value == 1 and event.is_set() and event.wait() and tasks.get(timeout=1) == "item"
    simple.put(1)
    assert simple.get(timeout=1) == 1
    assert not kept[0].acquire(timeout=0.001)
    timer.start()
    timer.cancel()
    timer.join()
    started([threading.Thread(target=barrier.wait) for _ in range(2)])
    """
    assert kernel.run(re.sub("^    ", "", use, flags=re.MULTILINE)) == Reply(None, "")


WAYS = {
    "a module of an earlier cell": "mutex = threading.Semaphore(1)\ndef work():\n    with mutex: time.sleep(1)\n"
    "started([threading.Thread(target=work) for _ in range(3)])",
    "under another name": "mutex = t.Semaphore(1)\ndef work():\n    with mutex: time.sleep(1)\n"
    "started([t.Thread(target=work) for _ in range(3)])",
    "names of an earlier cell": "mutex = Semaphore(1)\ndef work():\n    with mutex: time.sleep(1)\n"
    "started([Thread(target=work) for _ in range(3)])",
    "imported here": "import threading as here, time as clock\nfrom threading import Semaphore as S, Thread as T\n"
    "mutex = S(1)\ndef work():\n    with mutex: clock.sleep(1)\n"
    "started([T(target=work), here.Thread(target=work), T(target=work)])",
    "imported in a function": "def work(mutex):\n    import time as inner\n    with mutex: inner.sleep(1)\n"
    "def program():\n    import threading\n    from threading import Semaphore\n    mutex = Semaphore(1)\n"
    "    started([threading.Thread(target=work, args=(mutex,)) for _ in range(3)])\nprogram()",
    "classes of an earlier cell": "mutex = Gate(1)\ndef work():\n    with mutex: time.sleep(1)\n"
    "started([Worker(work) for _ in range(3)])",
    "a module beside the notebook": "import helpers\nmutex = helpers.guard()\n"
    "def work():\n    with mutex: time.sleep(1)\n"
    "started([Thread(target=work) for _ in range(3)])",
    "a pool": "mutex = Semaphore(1)\ndef work(i):\n    with mutex: time.sleep(1)\n"
    "with cf.ThreadPoolExecutor(3) as pool:\n    list(pool.map(work, range(3)))",
}


@pytest.mark.parametrize("way", WAYS)
def test_the_cell_is_seen_whichever_way_its_names_came_in(way: str, kernel: LiveKernel) -> None:
    assert kernel.run("del_mutex = globals().pop('mutex', None)") == Reply(None, "")
    reply = kernel.run(timeline(WAYS[way] + "\n", "--clock virtual --name run"))
    assert (reply.error, reply.output) == (None, f"{HELD}\n")
    seen = kernel.run("run.trace.certify(); print(run.reading.uses['mutex'].acquires, run.duration, run.note)")
    assert seen == Reply(None, "3 3.0 \n")


def test_primitives_and_threads_of_an_earlier_cell_take_part(kernel: LiveKernel) -> None:
    kernel.run(
        "gate, lock, done = Semaphore(0), threading.Lock(), Queue()\n"
        "def work(i):\n    gate.acquire()\n    with lock: done.put(i)\n"
        "waiting = [Thread(target=work, args=(i,)) for i in range(3)]\nwas = lock"
    )
    reply = kernel.run(
        timeline("for one in waiting:\n    one.start()\ngate.release(3)\nfor one in waiting: one.join()")
    )
    assert reply.output == "The latch `gate` opened once: 3 threads passed, none before\n"
    assert kernel.run("assert lock is was and type(gate) is Semaphore and done.qsize() == 3") == Reply(None, "")


def test_what_another_thread_is_at_stays_as_it_is_and_is_named(kernel: LiveKernel) -> None:
    kernel.run(
        "end, mutex = threading.Event(), Semaphore(1)\ndef busy():\n    end.wait()\n    mutex.release()\n"
        "other = Thread(target=busy)\nother.start()"
    )
    reply = kernel.run(timeline("with mutex: pass", "--clock wall"))
    note = "Not watched: `mutex`. What the program itself makes can be watched.\n"
    assert reply.output == f"main ran to the end; `mutex` was not watched\n{note}"
    assert kernel.run("end.set()\nother.join()") == Reply(None, "")


def test_an_error_fails_the_cell_after_the_picture_and_shows_the_cells_own_lines(kernel: LiveKernel) -> None:
    reply = kernel.run(timeline("def divide():\n    return 1 / 0\n\nprint('before')\ndivide()"))
    assert (reply.error, reply.order) == ("ZeroDivisionError", ("stream", "display_data", "stream", "error"))
    assert reply.output == "before\nmain raised ZeroDivisionError: division by zero\n"
    plain = re.sub(r"\x1b\[[\d;]*m", "", reply.traceback)
    assert re.search(r"line 6.*?divide\(\).*line 3, in divide\(\).*?1 / 0", plain, re.DOTALL), plain
    assert "semalab" not in plain


def test_an_error_in_a_worker_fails_the_cell_too(kernel: LiveKernel) -> None:
    reply = kernel.run(timeline("started([Thread(target=[].pop, name='careless')])"))
    assert (reply.error, reply.output) == ("IndexError", "careless raised IndexError: pop from empty list\n")


def test_a_deadlock_is_a_result(kernel: LiveKernel) -> None:
    reply = kernel.run(timeline("closed = Semaphore(0)\nclosed.acquire()", "--clock wall"))
    sentence = "Deadlock: main waits for `closed` (value 0) and nobody can release it any more\n"
    assert (reply.error, reply.output) == (None, sentence)


def test_options(kernel: LiveKernel, folder: Path) -> None:
    cell = "mutex = Semaphore(1)\ndef work():\n    with mutex: time.sleep(0)\n"
    cell += "started([Thread(target=work) for _ in range(4)])"
    for seed in (1, 2):
        assert kernel.run(timeline(cell, f"--clock virtual --seed {seed} --name run{seed}")).error is None
    assert kernel.run("assert run1.trace != run2.trace and run1.seed == 1 and run1.name == 'cell'") == Reply(None, "")
    assert kernel.run(timeline(cell, "--save run.json")).output == f"{HELD}\n"
    assert (folder / "run.json").stat().st_size > 100
    stopped = kernel.run(timeline("time.sleep(60)", "--clock virtual --timeout 5"))
    assert stopped.output == "Stopped: the program had not ended after 5 s; main was still there, in line 2\n"


@pytest.mark.parametrize(
    ("options", "error", "told"),
    [
        ("--clock cpu", "UsageError", "argument --clock: invalid choice: 'cpu'"),
        ("--seed x", "UsageError", "argument --seed: invalid int value: 'x'"),
        ("--name 3x", "UsageError", "--name must be a name for a variable, got '3x'"),
        ("--timeout 0", "ValueError", "timeout must be more than 0 and less than 1,000,000 seconds, got 0.0"),
        (
            "--save run.txt",
            "ValueError",
            "the suffix must be one of .png .svg .pdf .html .csv .json .trace.json, got 'run.txt'",
        ),
    ],
)
def test_a_wrong_option_is_refused(options: str, error: str, told: str, kernel: LiveKernel) -> None:
    reply = kernel.run(timeline("ran = True", options))
    said = reply.output + reply.traceback
    assert told in re.sub(r"\x1b\[[\d;]*m", "", said)
    assert reply.error == error or error == "UsageError"  # which IPython tells on stderr
    assert kernel.run("'ran' in globals()").displayed == ({"text/plain": "False"},)


def test_a_cell_that_is_no_python_is_told_as_such(kernel: LiveKernel) -> None:
    reply = kernel.run(timeline("if True\n    pass"))
    assert reply.error == "SyntaxError"


@pytest.mark.parametrize(
    "cell", ["import asyncio\nawait asyncio.sleep(0)", "async with x: pass", "[y async for y in x]"]
)
def test_a_cell_that_awaits_is_told_how_tasks_are_recorded(kernel: LiveKernel, cell: str) -> None:
    reply = kernel.run(timeline(cell))
    assert reply.error == "SyntaxError"
    assert "put tasks into `async def main(): …` and lab.record(main)" in reply.traceback


def test_output_beyond_measure_is_cut_and_counted(kernel: LiveKernel) -> None:
    reply = kernel.run(timeline("print('x' * 10_000_000, end='')"))
    assert reply.output.startswith("x" * 1000)
    assert "… (9,900,000 more characters)" in reply.output
    assert len(reply.output) < 101_000


def test_what_goes_to_stderr_is_shown(kernel: LiveKernel) -> None:
    reply = kernel.run(timeline("import sys\nstarted([Thread(target=sys.stderr.write, args=('careful\\n',))])"))
    assert "careful\n" in reply.output
