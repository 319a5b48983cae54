"""Every outcome that a small program may have: an interpreter of what `threading` allows, without any thread.

It searches all interleavings of the steps that others can see. It promises no more than CPython does: a lock goes to
anybody who asks when it is free, a releaser may take its permit back, who was woken may come too late, a notification
may be spent on a thread whose time was up. Where CPython's source, which every clock runs, does decide, so does the
model: waiters of a Condition or Semaphore are woken in the order in which they came.

Two notions of time, each exactly what its clocks can do:

`ANY` (plain threads, the wall clock): a timed wait may end at any moment, a sleep lasts no time or any time. A thread
may be given the identifier of one that has ended, and with it the RLock that one never released: get_ident() says so.

`EXACT` (the virtual clock): the program's steps take no time. Time moves when nobody can take a step, to the next
instant for which somebody waits; then all who waited for it go on, in any order. So a wait of two units outlasts one
of one, and no wait expires while others can still run. Identifiers are never given twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from programs.small import Op, Program

ANY, EXACT = "any", "exact"
DRAINING, FILLING, RESETTING, BROKEN = 1, 0, -1, -2  # the states of a Barrier

COMPOSED = {  # operations in a `with` block: what is done inside
    "add": ("bump",),
    "announce": ("count", "notify_all"),
    "await": ("await",),
    "sleep for notice": ("wait",),
    "give notice": ("notify",),
}


class TooLarge(Exception):
    """The program has more states than the search may visit."""


class Outcome(NamedTuple):
    """What each thread got, by operation; and how the things were left, or else who waits for what for ever."""

    results: tuple[tuple[Any, ...], ...]
    left: tuple[Any, ...] | None = None
    waits: frozenset[tuple[int, str, int]] | None = None  # thread, "thing" or "thread", its number


class Semaphore(NamedTuple):
    value: int
    queue: tuple[int, ...] = ()


class Lock(NamedTuple):
    """Lock, RLock and Condition. count is the shared variable it protects."""

    owner: int | None = None
    depth: int = 0
    count: int = 0
    queue: tuple[int, ...] = ()


class Flag(NamedTuple):
    is_set: bool = False


class Barrier(NamedTuple):
    state: int = FILLING
    count: int = 0


class Thread(NamedTuple):
    """`at` says where it is in its present step: "" before it, else why it is not through with it.

    life: "unborn", "spawned", "alive" or "ended". until: when its wait ends. saved: what it takes up after the wait.
    """

    pc: int = 0
    at: str = ""
    life: str = "unborn"
    results: tuple[Any, ...] = ()
    until: int | None = None
    saved: int = 0
    ident: int = 0
    cancelled: bool = False


class State(NamedTuple):
    things: tuple[Any, ...]
    threads: tuple[Thread, ...]
    now: int = 0


def outcomes(program: Program, time: str, most_states: int = 20_000) -> frozenset[Outcome]:
    """All outcomes of a program. Raises TooLarge when there are more states than that."""
    return _Search(program, time).run(most_states)


class _Search:
    """Invariant: a step changes one thread's place, and whatever others could see of it in one critical section."""

    def __init__(self, program: Program, time: str) -> None:
        self.kinds = [thing.kind for thing in program.things]
        self.arguments = [thing.argument for thing in program.things]
        self.delays = [task.delay for task in program.tasks]
        self.exact = time == EXACT
        self.code = [tuple(_expanded(task.ops)) for task in program.tasks]
        self.code[0] += tuple(Op("finish", j) for j in range(1, len(program.tasks)))

    def run(self, most_states: int) -> frozenset[Outcome]:
        first = State(
            tuple(map(_new, self.kinds, self.arguments)),
            tuple(Thread(life="unborn" if i else "alive", ident=i) for i in range(len(self.code))),
        )
        seen, todo, found = {first}, [first], set()
        while todo:
            state = todo.pop()
            following = list(self._following(state))
            if not following:
                found.add(self._outcome(state))
            for new in following:
                if new not in seen:
                    seen.add(new)
                    todo.append(new)
            if len(seen) > most_states:
                raise TooLarge(f"more than {most_states:,} states")
        return frozenset(found)

    def _following(self, state: State) -> Iterator[State]:
        stuck = True
        for i, thread in enumerate(state.threads):
            if thread.life in {"spawned", "alive"}:
                for new in self._steps(state, i, thread):
                    stuck = False
                    yield new
                if not self.exact and thread.at == "blocked" and thread.until is not None:
                    yield _moved(state, i, at="late")
        if self.exact and stuck:
            yield from self._time_moves_on(state)

    def _time_moves_on(self, state: State) -> Iterator[State]:
        instants = [t.until for t in state.threads if t.at == "blocked" and t.until is not None]
        if instants:
            now = min(instants)
            threads = [t._replace(at="late") if t.at == "blocked" and t.until == now else t for t in state.threads]
            yield State(state.things, tuple(threads), now)

    def _outcome(self, state: State) -> Outcome:
        results = tuple(thread.results for thread in state.threads)
        waiting = [i for i, thread in enumerate(state.threads) if thread.life in {"spawned", "alive"}]
        if not waiting:
            return Outcome(results, tuple(map(_left, self.kinds, state.things)))
        ops = [(i, self.code[i][state.threads[i].pc]) for i in waiting]
        subject = {"join": "thread", "finish": "thread"}
        return Outcome(results, None, frozenset((i, subject.get(op.what, "thing"), op.on) for i, op in ops))

    # time
    def _deadline(self, state: State, limit: int | None) -> int | None:
        if limit is None:
            return None
        return state.now + limit if self.exact else 0

    def _may_be_over(self, state: State, until: int | None) -> bool:
        return until is not None and (not self.exact or until <= state.now)

    def _may_go_on(self, state: State, until: int | None) -> bool:
        return until is None or not self.exact or until > state.now

    # one thread
    def _steps(self, state: State, i: int, thread: Thread) -> Iterator[State]:
        delay = self.delays[i]
        if thread.life == "spawned":
            at = "" if delay is None else "timer"
            yield _moved(state, i, life="alive", at=at)
        elif thread.at == "timer":
            if thread.cancelled:
                yield _moved(state, i, life="ended", at="")
            else:
                yield _moved(state, i, at="blocked", pc=-1, until=self._deadline(state, delay))
        elif thread.pc == -1:  # the timer waits
            if thread.cancelled and thread.at == "blocked":
                yield _moved(state, i, life="ended", at="")
            elif thread.at == "late":
                over = {"life": "ended"} if thread.cancelled else {}
                yield _moved(state, i, at="", pc=0, until=None, **over)
        elif thread.pc == len(self.code[i]):
            yield _moved(state, i, life="ended")
        else:
            op = self.code[i][thread.pc]
            step = getattr(self, f"_{op.what}", None) or getattr(self, f"_{op.what}_{_family(self.kinds[op.on])}")
            yield from step(state, i, thread, op)

    # acquire and release
    def _acquire_semaphore(self, state: State, i: int, me: Thread, op: Op) -> Iterator[State]:
        semaphore = state.things[op.on]
        queue = semaphore.queue
        if me.at == "late":
            queue = tuple(j for j in queue if j != i)
        if me.at == "blocked":
            return
        if semaphore.value:
            yield _done(state, i, True, things={op.on: Semaphore(semaphore.value - 1, queue)})
        elif me.at == "late" or op.what == "try":
            yield _done(state, i, False, things={op.on: Semaphore(0, queue)})
        else:
            until = me.until if me.at == "woken" else self._deadline(state, op.limit)
            if me.at == "woken" and self._may_be_over(state, until):
                yield _done(state, i, False)
            if self._may_go_on(state, until):
                yield _moved(state, i, {op.on: Semaphore(0, (*queue, i))}, at="blocked", until=until)

    def _acquire_lock(self, state: State, i: int, me: Thread, op: Op) -> Iterator[State]:
        lock = state.things[op.on]
        result = () if op.what == "enter" else (True,)
        if me.at == "late":
            yield _done(state, i, False)
        elif lock.owner is None:
            yield _done(state, i, *result, things={op.on: lock._replace(owner=me.ident, depth=1)})
        elif lock.owner == me.ident and self.kinds[op.on] != "Lock":
            yield _done(state, i, *result, things={op.on: lock._replace(depth=lock.depth + 1)})
        elif op.what == "try":
            yield _done(state, i, False)
        elif me.at == "":
            yield _moved(state, i, at="blocked", until=self._deadline(state, op.limit))

    _try_semaphore = _timed_semaphore = _acquire_semaphore
    _try_lock = _timed_lock = _enter_lock = _acquire_lock

    def _release_semaphore(self, state: State, i: int, me: Thread, op: Op) -> Iterator[State]:
        semaphore, n = state.things[op.on], op.amount or 1
        if self.kinds[op.on] == "BoundedSemaphore" and semaphore.value + n > self.arguments[op.on]:
            yield _done(state, i, "ValueError")
        else:
            woken = _woken(state, semaphore.queue[:n])
            yield _done(woken, i, None, things={op.on: Semaphore(semaphore.value + n, semaphore.queue[n:])})

    def _release_lock(self, state: State, i: int, me: Thread, op: Op) -> Iterator[State]:
        lock = state.things[op.on]
        result = () if op.what == "leave" else (None,)
        if lock.owner is None or (lock.owner != me.ident and self.kinds[op.on] != "Lock"):
            inside = me.results[: len(me.results) - (op.what == "leave")]  # it raises instead of what was done inside
            yield _done(_moved(state, i, results=inside), i, "RuntimeError")
        elif lock.depth > 1:
            yield _done(state, i, *result, things={op.on: lock._replace(depth=lock.depth - 1)})
        else:
            yield _done(state, i, *result, things={op.on: lock._replace(owner=None, depth=0)})

    _leave_lock = _release_lock

    # Condition
    def _bump(self, state: State, i: int, me: Thread, op: Op) -> Iterator[State]:
        lock = state.things[op.on]
        result = () if op.what == "count" else (None,)
        if not self.exact and me.at == "":  # somebody else may have released the lock meanwhile
            yield _moved(state, i, at="has read", saved=lock.count)
        else:
            count = lock.count if self.exact else me.saved
            yield _done(state, i, *result, things={op.on: lock._replace(count=count + 1)})

    _count = _bump

    def _wait_lock(self, state: State, i: int, me: Thread, op: Op) -> Iterator[State]:
        lock = state.things[op.on]
        if me.at == "" and lock.owner != me.ident:
            yield _done(state, i, "RuntimeError")
        elif me.at == "":
            yield self._waiting(state, i, op, self._deadline(state, op.limit))
        elif me.at != "blocked" and lock.owner is None:
            yield _done(state, i, me.at == "woken", things={op.on: _taken_up(lock, i, me)})

    def _await(self, state: State, i: int, me: Thread, op: Op) -> Iterator[State]:
        lock = state.things[op.on]
        if me.at in {"woken", "late"}:
            if lock.owner is None:
                at = "looks" if me.at == "woken" else "looks for the last time"
                yield _moved(state, i, {op.on: _taken_up(lock, i, me)}, at=at)
        elif me.at != "blocked":
            until = self._deadline(state, op.limit) if me.at == "" else me.until
            if lock.count >= op.amount:
                yield _done(state, i, True)
            elif me.at == "looks for the last time":
                yield _done(state, i, False)
            else:
                if me.at == "looks" and self._may_be_over(state, until):
                    yield _done(state, i, False)
                if self._may_go_on(state, until):
                    yield self._waiting(state, i, op, until)

    def _waiting(self, state: State, i: int, op: Op, until: int | None) -> State:
        lock = state.things[op.on]
        free = lock._replace(owner=None, depth=0, queue=(*lock.queue, i))
        return _moved(state, i, {op.on: free}, at="blocked", until=until, saved=lock.depth)

    def _notify(self, state: State, i: int, me: Thread, op: Op) -> Iterator[State]:
        lock = state.things[op.on]
        n = len(lock.queue) if op.what == "notify_all" else op.amount
        if lock.owner != me.ident:
            yield _done(state, i, "RuntimeError")
        else:
            woken = _woken(state, lock.queue[:n])
            yield _done(woken, i, None, things={op.on: lock._replace(queue=lock.queue[n:])})

    _notify_all = _notify

    # Event
    def _wait_flag(self, state: State, i: int, me: Thread, op: Op) -> Iterator[State]:
        if me.at == "late":
            yield _done(state, i, False)
        elif me.at == "woken" or (me.at == "" and state.things[op.on].is_set):
            yield _done(state, i, True)
        elif me.at == "":
            yield _moved(state, i, at="blocked", until=self._deadline(state, op.limit))

    def _set(self, state: State, i: int, me: Thread, op: Op) -> Iterator[State]:
        waiting = [
            j
            for j, thread in enumerate(state.threads)
            if thread.at == "blocked" and thread.pc >= 0 and self.code[j][thread.pc][:2] == ("wait", op.on)
        ]
        yield _done(_woken(state, waiting), i, None, things={op.on: Flag(True)})

    def _clear(self, state: State, i: int, me: Thread, op: Op) -> Iterator[State]:
        yield _done(state, i, None, things={op.on: Flag(False)})

    def _is_set(self, state: State, i: int, me: Thread, op: Op) -> Iterator[State]:
        yield _done(state, i, state.things[op.on].is_set)

    # Barrier
    def _wait_barrier(self, state: State, i: int, me: Thread, op: Op) -> Iterator[State]:
        barrier = state.things[op.on]
        inside = me.at in {"blocked", "late"}
        if inside and barrier.state == FILLING and me.at == "blocked":
            return
        if inside and barrier.state == FILLING:
            yield _done(state, i, "BrokenBarrierError", things={op.on: Barrier(BROKEN, barrier.count - 1)})
        elif inside:
            result = me.saved if barrier.state == DRAINING else "BrokenBarrierError"
            yield _done(state, i, result, things={op.on: _without(barrier)})
        elif barrier.state in {DRAINING, RESETTING}:
            if me.at == "":
                yield _moved(state, i, at="before the barrier")
        elif barrier.state == BROKEN:
            yield _done(state, i, "BrokenBarrierError")
        elif barrier.count + 1 == self.arguments[op.on]:
            full = Barrier(DRAINING, barrier.count + 1)
            yield _done(state, i, barrier.count, things={op.on: _without(full)})
        else:
            one_more = {op.on: Barrier(FILLING, barrier.count + 1)}
            until = self._deadline(state, op.limit)
            yield _moved(state, i, one_more, at="blocked", until=until, saved=barrier.count)

    def _abort(self, state: State, i: int, me: Thread, op: Op) -> Iterator[State]:
        yield _done(state, i, None, things={op.on: state.things[op.on]._replace(state=BROKEN)})

    def _reset(self, state: State, i: int, me: Thread, op: Op) -> Iterator[State]:
        barrier = state.things[op.on]
        following = FILLING
        if barrier.count:
            following = RESETTING if barrier.state in {FILLING, BROKEN} else barrier.state
        yield _done(state, i, None, things={op.on: barrier._replace(state=following)})

    # threads
    def _start(self, state: State, i: int, me: Thread, op: Op) -> Iterator[State]:
        life = state.threads[op.on].life
        if me.at == "" and life != "unborn":
            yield _done(state, i, "RuntimeError")
        elif me.at == "":
            for ident in {op.on, *self._abandoned(state)}:
                yield _moved(_moved(state, op.on, life="spawned", ident=ident), i, at="starting")
        elif life != "spawned":
            yield _done(state, i, None)

    def _abandoned(self, state: State) -> set[int]:
        """Identifiers of threads that ended with a lock in hand; what else was theirs nobody can tell apart."""
        if self.exact:
            return set()
        owners = {thing.owner for thing in state.things if isinstance(thing, Lock)}
        return owners - {t.ident for t in state.threads if t.life in {"spawned", "alive"}} - {None}

    def _join(self, state: State, i: int, me: Thread, op: Op) -> Iterator[State]:
        life = state.threads[op.on].life
        if op.on == i or life in {"unborn", "spawned"}:
            yield _done(state, i, *(() if op.what == "finish" else ("RuntimeError",)))
        elif life == "ended" or me.at == "late":
            yield _done(state, i, *(() if op.what == "finish" else (None,)))
        elif me.at == "":
            yield _moved(state, i, at="blocked", until=self._deadline(state, op.limit))

    _finish = _join

    def _is_alive(self, state: State, i: int, me: Thread, op: Op) -> Iterator[State]:
        yield _done(state, i, state.threads[op.on].life == "alive")

    def _cancel(self, state: State, i: int, me: Thread, op: Op) -> Iterator[State]:
        yield _done(_moved(state, op.on, cancelled=True), i, None)

    def _sleep(self, state: State, i: int, me: Thread, op: Op) -> Iterator[State]:
        if me.at == "late" or not self.exact:
            yield _done(state, i, None)
        elif me.at == "":
            yield _moved(state, i, at="blocked", until=state.now + op.amount)


def _expanded(ops: tuple[Op, ...]) -> Iterator[Op]:
    """The steps of operations: those in a `with` block have one more before and one after."""
    for op in ops:
        if op.what in COMPOSED:
            yield Op("enter", op.on)
            yield from (op._replace(what=what) for what in COMPOSED[op.what])
            yield Op("leave", op.on)
        else:
            yield op


def _family(kind: str) -> str:
    return {"Semaphore": "semaphore", "BoundedSemaphore": "semaphore", "Event": "flag", "Barrier": "barrier"}.get(
        kind, "lock"
    )


def _new(kind: str, argument: int) -> Any:
    return {"semaphore": Semaphore(argument), "lock": Lock(), "flag": Flag(), "barrier": Barrier()}[_family(kind)]


def _left(kind: str, thing: Any) -> Any:
    if isinstance(thing, Semaphore):
        return thing.value
    if isinstance(thing, Flag):
        return thing.is_set
    if isinstance(thing, Barrier):
        return (thing.state == BROKEN, thing.count if thing.state == FILLING else 0)
    return (thing.owner is None or (thing.owner == 0 and kind != "Lock"), thing.count)


def _moved(state: State, i: int, things: dict[int, Any] | None = None, **changes: Any) -> State:
    threads = list(state.threads)
    threads[i] = threads[i]._replace(**changes)
    new = list(state.things)
    for k, thing in (things or {}).items():
        new[k] = thing
    return State(tuple(new), tuple(threads), state.now)


def _done(state: State, i: int, *result: Any, things: dict[int, Any] | None = None) -> State:
    """The thread is through with its step, with a result or without one."""
    me = state.threads[i]
    return _moved(state, i, things, pc=me.pc + 1, at="", until=None, saved=0, results=(*me.results, *result))


def _woken(state: State, threads: Any) -> State:
    """Those who still wait are woken; those whose time was up have been told in vain."""
    for j in threads:
        if state.threads[j].at == "blocked":
            state = _moved(state, j, at="woken")
    return state


def _taken_up(lock: Lock, i: int, me: Thread) -> Lock:
    """The lock as its waiter gets it back, who no longer stands in its queue."""
    return lock._replace(owner=me.ident, depth=me.saved, queue=tuple(j for j in lock.queue if j != i))


def _without(barrier: Barrier) -> Barrier:
    """One leaves; the last to leave opens the barrier for the next round."""
    count = barrier.count - 1
    return Barrier(FILLING if not count and barrier.state in {DRAINING, RESETTING} else barrier.state, count)
