"""A cluster's workers on the bench: `distributed.Semaphore`, whose permits are leases that a scheduler hands out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from semalab.analysis.claims import Check
from semalab.beyond.adapter_log import Log, Row, SemaphoreLabel, call, place
from semalab.instrument.naming import line_of
from semalab.log.stops import There, Timeout, not_ended
from semalab.run import Run
from semalab.settings import RunSettings, code_of


def record_cluster(
    program: Callable[..., Any],
    /,
    *,
    timeout: float = 30.0,
    raises: bool = True,
    claim: Check | None = None,
    **arguments: Any,
) -> Run:
    """Run a program that uses a Dask cluster, and return the log of what its tasks did at semaphores.

    The program is plain Dask, with a cluster inside this process (`LocalCluster(processes=False)`). Seen are its
    `distributed.Semaphore`s: each acquire, release and wait is noted under the key of its task. A wait is noted
    whenever one asks for a lease: whether there was one at once, only the scheduler knows.

    Args:
        timeout: seconds after which whoever still waits for a lease is sent away, and the run is stopped. What else a
            task does is not ended from here: it runs in the cluster's own threads.
        raises, claim, arguments: as in `semalab.record`.

    Returns:
        The run, as `semalab.record` gives it.

    Raises:
        ImportError: if the package `distributed` is not installed. TypeError, ValueError: for bad arguments, before
            anything has started.

    >>> semalab.limit(record_cluster(program, tasks=6, leases=2)).held
    True
    """
    settings = RunSettings(timeout=timeout, claim=claim)
    settings.check(program, arguments)
    bench = _Bench(timeout)
    exception: BaseException | None = None
    result: Any = None
    bench.log.start(0, "main")
    with _one_at_a_time, _stand_ins(program, bench):
        try:
            result = program(**arguments)
        except Exception as error:
            exception = error if not bench.given_up else None
    trace = bench.finish()
    if raises and exception is not None:
        raise exception
    return settings.run_of(
        program,
        arguments,
        trace,
        result=result,
        exception=exception,
        stopped=bench.stopped,
        module="distributed",
        source=bench.log.source(code_of(program)),
    )


_benches: dict[int, _Bench] = {}  # under way, by identity: a lease that is sent to a worker finds its own again
_one_at_a_time = threading.Lock()


class _TimeUp(Exception):
    """The run's time is over, and a lease has not come. Ordinary, so that a worker hands it over like any other."""


class _Bench:
    """Invariant: rows are appended under `_lock`, with the time read under it, so that they are in order of time.

    given_up: who was sent away when the run's time was over, and from where.
    """

    def __init__(self, timeout: float) -> None:
        self.log = Log()
        self.given_up: list[There] = []
        self._timeout, self._deadline = timeout, time.monotonic() + timeout
        self._lock = threading.Lock()
        self._origin = time.monotonic_ns()

    def semaphore(self, *arguments: Any, **settings: Any) -> _Lease:
        """What stands for the class `distributed.Semaphore`."""
        where = call()
        real = _real()(*arguments, **settings)
        with self._lock:
            if not self.log.made:  # the run begins here: it takes a cluster a while to come up
                self._origin = time.monotonic_ns()
            self.log.made.append(SemaphoreLabel("distributed.Semaphore", int(real.max_leases), where))
            return _Lease(self, real, len(self.log.made) - 1)

    def note(self, kind: str, key: int, amount: int = 0) -> None:
        with self._lock:
            now, actor = time.monotonic_ns() - self._origin, _task()
            if actor not in self.log.actors:
                self.log.start(now, actor)
            self.log.rows.append(Row(now, actor, kind, key, amount))

    def left(self) -> float:
        """Seconds until the run's time is over."""
        return max(0.0, self._deadline - time.monotonic())

    def give_up(self) -> None:
        code, instruction = place()
        line = line_of(code, instruction) if code is not None else None
        at = (code.co_name, line) if code is not None and line is not None else None
        self.given_up.append(There(_task(), at))
        raise _TimeUp(f"no lease came within the run's {self._timeout:g} s")

    @property
    def stopped(self) -> Timeout | None:
        if not self.given_up:
            return None
        why = not_ended(self._timeout, self.given_up, "tasks")
        return Timeout(self._timeout, "wall", tuple(one.thread for one in self.given_up), why)

    def finish(self) -> Any:
        with self._lock:
            now = time.monotonic_ns() - self._origin
            ends = {row.actor: row.time for row in self.log.rows}
            self.log.rows += [Row(now, actor, "end") for actor in ends]
            return self.log.trace(now)


class _Lease:
    """What stands for a semaphore of the cluster: it asks the real one, and notes the answer."""

    def __init__(self, bench: _Bench, semaphore: Any, key: int) -> None:
        self._bench, self._semaphore, self._key = bench, semaphore, key

    def acquire(self, timeout: float | None = None) -> bool:
        self._bench.note("block", self._key)
        left = self._bench.left()
        got = bool(self._semaphore.acquire(timeout=left if timeout is None else min(timeout, left)))
        self._bench.note("acquire" if got else "refuse", self._key, int(got))
        if not got and (timeout is None or left < timeout):
            self._bench.give_up()
        return got

    def release(self) -> None:
        self._bench.note("release", self._key, 1)
        self._semaphore.release()

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (id(self._bench), self._semaphore, self._key)  # it goes to a worker, in this process

    def __enter__(self) -> _Lease:
        self.acquire()
        return self

    def __exit__(self, *error: object) -> None:
        self.release()


def _again(bench: int, semaphore: Any, key: int) -> _Lease:
    if bench not in _benches:
        raise RuntimeError("the cluster must be inside this process: LocalCluster(processes=False)")
    return _Lease(_benches[bench], semaphore, key)


def _real() -> Any:
    from distributed.semaphore import Semaphore as real

    return real


@contextmanager
def _stand_ins(program: Any, bench: _Bench) -> Iterator[None]:
    """While the run lasts, `distributed.Semaphore` means what notes it down."""
    import distributed

    real = _real()
    spaces = [vars(distributed), getattr(program, "__globals__", {})]
    changed = [(space, name) for space in spaces for name, value in space.items() if value is real]
    _benches[id(bench)] = bench
    try:
        for space, name in changed:
            space[name] = bench.semaphore
        yield
    finally:
        for space, name in changed:
            space[name] = real
        del _benches[id(bench)]


def _task() -> str:
    """The key of the cluster's task that runs in this thread."""
    from distributed import get_worker

    try:
        return str(get_worker().get_current_task())
    except ValueError:  # a thread of its own
        return "main"
