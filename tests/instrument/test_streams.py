"""What a program writes to the standard streams, in any way: nothing is lost, and the real ones come back."""

from __future__ import annotations

import contextlib
import io
import pprint
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import semalab as lab
from semalab.log.stops import Deadlock

pytest_plugins = ("support.leftovers",)
pytestmark = pytest.mark.usefixtures("nothing_left")

CLOCKS = pytest.mark.parametrize("clock", ["wall", "virtual"])


@pytest.fixture(autouse=True)
def real_streams() -> Iterator[None]:
    before = (sys.stdout, sys.stderr, sys.stdin, sys.displayhook, sys.excepthook)
    yield
    assert (sys.stdout, sys.stderr, sys.stdin, sys.displayhook, sys.excepthook) == before


def in_worker(work: Callable[[], object]) -> None:
    worker = threading.Thread(target=work, name="worker")
    worker.start()
    worker.join()


def writes() -> None:
    in_worker(lambda: sys.stdout.write("one\n"))


def writes_lines() -> None:
    in_worker(lambda: sys.stdout.writelines(["one\n", "two\n"]))


def prints_to_the_stream() -> None:
    in_worker(lambda: print("one", "two", sep="\n", file=sys.stdout, flush=True))


def pretty() -> None:
    in_worker(lambda: pprint.pprint({"one": [1] * 40, "two": "x" * 60}))


def prints_nothing() -> None:
    in_worker(lambda: print(end=""))


def odd_values() -> None:
    class Odd:
        def __str__(self) -> str:
            print("asked")
            return "odd"

    in_worker(lambda: print(Odd(), None, 3, sep=None, end=None))


@pytest.mark.parametrize(
    ("program", "output"),
    [
        (writes, "one\n"),
        (writes_lines, "one\ntwo\n"),
        (prints_to_the_stream, "one\ntwo\n"),
        (pretty, None),
        (prints_nothing, ""),
        (odd_values, "asked\nodd None 3\n"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
@CLOCKS
def test_what_a_worker_writes_is_the_runs_output(
    program: Callable[[], None], output: str | None, clock: str, capsys: Any
) -> None:
    run = lab.record(program, clock=clock)
    assert capsys.readouterr() == ("", "")
    program()
    assert run.output == capsys.readouterr().out  # what it writes without the lab
    assert output is None or run.output == output
    assert {p.thread for p in run.printed} == ({"worker"} if output != "" else {p.thread for p in run.printed})
    assert [e.kind for e in run.trace if e.kind == "print"] == ["print"] * len(run.printed)
    run.trace.certify()


def wrong_prints() -> list[str]:
    said: list[str] = []
    for how in ({"sep": 1}, {"end": b""}, {"file": 3}):
        try:
            print("x", **how)  # type: ignore[call-overload]
        except (TypeError, AttributeError) as error:
            said.append(f"{type(error).__name__}: {error}")
    for text in (3, b"x"):
        try:
            sys.stdout.write(text)  # type: ignore[arg-type]
        except TypeError as error:
            said.append(f"TypeError: {error}")
    return said


@CLOCKS
def test_wrong_prints_are_refused_as_ever(clock: str, capsys: Any) -> None:
    run = lab.record(wrong_prints, clock=clock)
    assert (run.result, run.output) == (wrong_prints(), "")


def tracebacks() -> None:
    def work() -> None:
        try:
            raise KeyError("lost")
        except KeyError:
            traceback.print_exc()
            traceback.print_exc(file=sys.stdout)

    in_worker(work)


@CLOCKS
def test_a_workers_traceback_comes_whole_and_once(clock: str, capsys: Any) -> None:
    run = lab.record(tracebacks, clock=clock)
    out, err = capsys.readouterr()
    assert out == ""
    assert run.output == err
    assert (err.count("Traceback (most recent call last)"), err.count("KeyError: 'lost'")) == (1, 1)
    assert {p.thread for p in run.printed} == {"worker"}


def redirects() -> list[str]:
    caught, errors = io.StringIO(), io.StringIO()
    print("before")
    with contextlib.redirect_stdout(caught), contextlib.redirect_stderr(errors):
        in_worker(lambda: print("caught"))
        in_worker(lambda: sys.stdout.write("as well\n"))
        print("an error", file=sys.stderr)
    in_worker(lambda: print("after"))
    return [caught.getvalue(), errors.getvalue()]


@CLOCKS
def test_a_program_may_redirect_its_output(clock: str, capsys: Any) -> None:
    run = lab.record(redirects, clock=clock)
    assert run.result == ["caught\nas well\n", "an error\n"]
    assert [(p.thread, p.text) for p in run.printed] == [("main", "before\n"), ("worker (3)", "after\n")]
    assert capsys.readouterr() == ("", "")


def redirects_and_hangs(kind: str) -> None:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        if kind == "deadlock":
            threading.Semaphore(0).acquire()
        raise LookupError


@CLOCKS
def test_a_redirection_ends_with_a_run_that_is_stopped_or_fails(clock: str) -> None:
    assert isinstance(lab.record(redirects_and_hangs, kind="deadlock", clock=clock).stopped, Deadlock)
    with pytest.raises(LookupError):
        lab.record(redirects_and_hangs, kind="exception", clock=clock)


def forgets_a_redirection() -> None:
    sys.stdout, sys.stderr = io.StringIO(), io.StringIO()


def overlapping_redirections() -> None:
    """Each puts back what it found, in the wrong order."""
    first, second = threading.Event(), threading.Event()

    def one() -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            first.set()
            second.wait()

    def other() -> None:
        first.wait()
        with contextlib.redirect_stdout(io.StringIO()):
            second.set()
            worker.join()

    worker = threading.Thread(target=one)
    worker.start()
    in_worker(other)


@pytest.mark.parametrize("program", [forgets_a_redirection, overlapping_redirections])
@CLOCKS
def test_a_redirection_that_was_not_undone_ends_with_its_run(program: Callable[[], None], clock: str) -> None:
    before = (sys.stdout, sys.stderr)
    try:
        lab.record(program, clock=clock)
        assert (sys.stdout, sys.stderr) == before
    finally:
        sys.stdout, sys.stderr = before


def speaks_while_it_is_stopped() -> None:
    try:
        threading.Semaphore(0).acquire()
    finally:
        print("on its way out")
        print("an error on its way out", file=sys.stderr)


@CLOCKS
def test_what_a_stopped_thread_says_on_its_way_out_is_not_kept(clock: str, capsys: Any) -> None:
    run = lab.record(speaks_while_it_is_stopped, clock=clock)
    assert isinstance(run.stopped, Deadlock)
    assert (run.output, capsys.readouterr()) == ("", ("", ""))


def keeps(out: list[Any]) -> None:
    out += [sys.stdout, sys.stderr, print]
    print("kept")


@CLOCKS
def test_a_stream_or_print_that_is_kept_becomes_the_real_one(clock: str, capsys: Any) -> None:
    out: list[Any] = []
    run = lab.record(keeps, out=out, clock=clock)
    stdout, stderr, kept_print = out
    stdout.write("one\n")
    kept_print("two")
    kept_print("three", file=stdout)
    stderr.write("four\n")
    assert capsys.readouterr() == ("one\ntwo\nthree\n", "four\n")
    assert run.output == "kept\n"


def asks_the_stream() -> list[Any]:
    return [sys.stdout.encoding, sys.stdout.isatty(), sys.stdout.writable(), sys.stdout.errors]


@CLOCKS
def test_a_stream_answers_as_the_real_one(clock: str) -> None:
    assert lab.record(asks_the_stream, clock=clock).result == asks_the_stream()


def lets_another_print(asked: list[str], answered: list[str]) -> None:
    asked.append("please")
    while not answered:
        print("the run's")
        time.sleep(0.0005)


@CLOCKS
def test_other_threads_print_to_the_real_stream_meanwhile(clock: str, capsys: Any) -> None:
    asked: list[str] = []
    answered: list[str] = []

    def outsider() -> None:
        while not asked:
            time.sleep(0.0005)
        print("another cell's")
        sys.stdout.write("and more\n")
        print("to stderr", file=sys.stderr)
        answered.append("done")

    thread = threading.Thread(target=outsider)
    thread.start()
    run = lab.record(lets_another_print, asked=asked, answered=answered, clock=clock, timeout=1000)
    thread.join()
    assert capsys.readouterr() == ("another cell's\nand more\n", "to stderr\n")
    assert set(run.output.splitlines()) == {"the run's"}


def warns() -> None:
    in_worker(lambda: warnings.warn_explicit("look out", UserWarning, "cell", 1))


@CLOCKS
def test_a_warning_comes_once_and_from_the_calling_thread(clock: str, capsys: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = lambda message, *rest, **more: print(message, file=sys.stderr)
        run = lab.record(warns, clock=clock)
    assert (run.output, capsys.readouterr()) == ("", ("", "look out\n"))


def many_print(threads: int, lines: int) -> None:
    def work(i: int) -> None:
        for n in range(lines):
            print(i, n)
            sys.stdout.write(f"{i} {n} written\n")
            print(i, n, file=sys.stderr)

    workers = [threading.Thread(target=work, args=(i,), name=str(i)) for i in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


@CLOCKS
def test_nothing_is_lost_or_torn_when_many_print(clock: str, capsys: Any) -> None:
    run = lab.record(many_print, threads=6, lines=30, clock=clock)
    assert sorted(run.output.splitlines()) == sorted(
        f"{i} {n}{more}" for i in range(6) for n in range(30) for more in ("", " written")
    )
    assert all(p.text.startswith(f"{p.thread} ") for p in run.printed)
    errors = "".join(f"{i} {n}\n" for i in range(6) for n in range(30))  # print() writes each of them in pieces
    assert sorted(capsys.readouterr().err) == sorted(errors)


class Waiting(io.StringIO):
    """As a kernel's: who flushes it waits for another thread, by an event that is the stream's own."""

    flushed = 0

    def flush(self) -> None:
        self.flushed += 1
        threading.Event().wait(0)


@CLOCKS
def test_what_is_kept_until_the_run_is_shown_is_not_flushed(clock: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def program() -> None:
        for stream in (sys.stdout, sys.stderr):
            print("said", file=stream, flush=True)
            stream.flush()

    real = Waiting()
    monkeypatch.setattr(sys, "stdout", real)
    monkeypatch.setattr(sys, "stderr", real)
    run = lab.record(program, clock=clock)
    assert (run.output, run.trace.primitives, run.unseen) == ("said\n", {}, ())
    assert real.flushed == 0
