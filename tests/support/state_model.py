"""All that a small program with shared variables may come to: a search over its states, without any thread.

It was written from CPython's `threading.py` and `queue.py` alone. A state is where each thread stands, what its local
variables are, what the shared variables and the primitives hold, and the time. From a state each thread that can makes
one step, to its next turn. Every state is visited once; no step is left out because another one resembles it.

Where turns can be taken, by granularity:

"operations": before and after every operation on a primitive, every sleep, every start and join. What a thread does
    between two operations is one step. An RLock's owner that takes it again, or leaves it but not for the last time,
    changes nothing that others could ever see: that is no operation; nor is what only raises because the caller does
    not own the lock.
"lines": also before the first access to a shared variable in each line.
"bytecode": also before each access to a shared variable.

Time moves when no thread can make a step, to the next instant for which one sleeps.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from programs.sharing import THREADS, Program

from support.sharing_instructions import ACCESSES, OPERATIONS, PRIVATE, Instruction, compiled

FILLING, DRAINING, RESETTING, BROKEN = "filling", "draining", "resetting", "broken"  # a Barrier's states
COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


class TooLarge(Exception):
    """The program has more states than the search may visit."""


class Outcome(NamedTuple):
    """What main returned, the classes of what was raised (by main, or else by the others), who waits for ever.

    Which of several threads raised first is no part of it.
    """

    result: tuple[Any, ...] | None
    raised: frozenset[str] = frozenset()
    waits: frozenset[tuple[str, str]] = frozenset()  # a thread, and the class of what it waits for

    @property
    def wrong(self) -> bool:
        return bool(self.raised or self.waits)


class Thread(NamedTuple):
    """`at` says how far its present operation has come: "" not begun. guards: the `with` blocks that it is in.

    raised: the exception that it takes through them. until: when it wakes. depth: how often it has the lock back.
    """

    life: str = "unborn"
    pc: int = 0
    at: str = ""
    names: tuple[tuple[str, Any], ...] = ()
    guards: tuple[int, ...] = ()
    raised: str | None = None
    until: int = 0
    depth: int = 0


class State(NamedTuple):
    threads: tuple[Thread, ...]
    variables: tuple[Any, ...]
    things: tuple[Any, ...]
    now: int = 0
    failed: frozenset[str] = frozenset()  # what workers have raised


class Owned(NamedTuple):
    """Lock, RLock and Condition. waiting: the threads that wait to be notified, the first that came first."""

    owner: int | None = None
    depth: int = 0
    waiting: tuple[int, ...] = ()


# The search
@functools.cache  # the tests ask of each program several times, and the answer cannot change: all of it is tuples
def outcomes(program: Program, granularity: str, most_states: int = 20_000) -> frozenset[Outcome]:
    """All outcomes of a program. Raises TooLarge when there are more states than that."""
    return _Search(program, granularity).run(most_states)


class _Search:
    def __init__(self, program: Program, granularity: str) -> None:
        self.kinds = [thing.kind for thing in program.things]
        self.arguments = [thing.argument for thing in program.things]
        self.codes = compiled(program)
        self.granularity = granularity
        self.lists = [variable.kept == "list" for variable in program.variables]
        self.first = State(
            tuple(Thread("unborn" if i else "alive") for i in range(len(self.codes))),
            tuple((0,) * v.first if v.kept == "list" else v.first for v in program.variables),
            tuple(_new(thing.kind, thing.argument) for thing in program.things),
        )

    def run(self, most_states: int) -> frozenset[Outcome]:
        seen, todo, found = {self.first}, [self.first], set()
        while todo:
            state = todo.pop()
            following = list(self.following(state))
            if not following:
                found.add(self.outcome(state))
            for new in following:
                if new not in seen:
                    seen.add(new)
                    todo.append(new)
            if len(seen) > most_states:
                raise TooLarge(f"more than {most_states:,} states")
        return frozenset(found)

    def following(self, state: State) -> Iterator[State]:
        """The states that one step leads to."""
        stuck = True
        for i, thread in enumerate(state.threads):
            if thread.life == "alive":
                new = _Step(self, state, i).taken()
                if new is not None:
                    stuck = False
                    yield new
        if stuck:
            yield from self._time_moves_on(state)

    def _time_moves_on(self, state: State) -> Iterator[State]:
        instants = [t.until for t in state.threads if t.at == "asleep"]
        if instants:
            now = min(instants)
            threads = [t._replace(at="awake") if t.at == "asleep" and t.until == now else t for t in state.threads]
            yield state._replace(threads=tuple(threads), now=now)

    def outcome(self, state: State) -> Outcome:
        """Of a state in which nobody can make a step."""
        main = state.threads[0]
        raised = frozenset({main.raised}) if main.life == "ended" and main.raised else state.failed
        waits = frozenset(
            (THREADS[i], self._waits_for(state, i)) for i, t in enumerate(state.threads) if t.life == "alive"
        )
        ended = main.life == "ended" and main.raised is None
        return Outcome(state.variables if ended and not waits else None, raised, waits)

    def _waits_for(self, state: State, i: int) -> str:
        thread = state.threads[i]
        instruction = self.codes[i][thread.pc]
        return "Thread" if instruction.what == "finish" else self.kinds[instruction.on]


class _Step:
    """One step of one thread: from the turn at which it stands to its next one."""

    def __init__(self, search: _Search, state: State, i: int) -> None:
        self.search = search
        self.code = search.codes[i]
        self.i = i
        self.me = state.threads[i]
        self.threads = list(state.threads)
        self.variables = list(state.variables)
        self.things = list(state.things)
        self.now = state.now
        self.failed = state.failed
        self.names = dict(self.me.names)

    def taken(self) -> State | None:
        """The state after it; None if the thread has to wait."""
        line, begun = None, False
        while True:
            if self.me.raised is not None and not self.me.guards:
                self._die()
                break
            instruction = self._leaving() if self.me.raised is not None else self.code[self.me.pc]
            what = instruction.what
            if what in OPERATIONS and not self._is_quiet(instruction):
                if begun:
                    break
                if not self._operation(instruction):
                    return None
                self._pass_what_nobody_sees()
                break
            if what in ACCESSES:
                if begun and (
                    self.search.granularity == "bytecode"
                    or (self.search.granularity == "lines" and line != instruction.line)
                ):
                    break
                line, begun = instruction.line, True
                self._access(instruction)
            elif what in OPERATIONS:
                begun = True
                self._quietly(instruction)
            elif what == "end":
                self.me = self.me._replace(life="ended")
                break
            else:
                begun = True
                self._inside(instruction)
        self.threads[self.i] = self.me._replace(names=tuple(sorted(self.names.items())))
        return State(tuple(self.threads), tuple(self.variables), tuple(self.things), self.now, self.failed)

    def _pass_what_nobody_sees(self) -> None:
        """So that a thread that waits stands before the operation it waits in."""
        while self.me.raised is None and not self.me.at and self.code[self.me.pc].what in PRIVATE:
            self._inside(self.code[self.me.pc])

    def _go_on(self, **changes: Any) -> None:
        pc = self.me.pc if self.me.raised is not None else self.me.pc + 1
        self.me = self.me._replace(**{"pc": pc, "at": "", **changes})

    def _raise(self, error: str) -> None:
        self.me = self.me._replace(raised=error, at="")

    def _leaving(self) -> Instruction:
        """The end of the `with` block through which an exception goes."""
        return Instruction("release", self.me.guards[-1], 1)

    def _die(self) -> None:
        assert self.me.raised is not None
        if self.i:
            self.failed |= {self.me.raised}
        raised = None if self.i else self.me.raised
        self.me = Thread("ended", raised=raised)
        self.names = {}

    # what touches no primitive
    def _inside(self, it: Instruction) -> None:
        if it.what == "guard":
            self._go_on(guards=(*self.me.guards, it.on))
        elif it.what == "unguard":
            self._go_on(guards=self.me.guards[:-1])
        elif it.what == "jump":
            self._go_on(pc=it.value)
        elif it.what == "jump unless":
            self._go_on(**({} if self.names["?"] else {"pc": it.value}))
            del self.names["?"]
        elif it.what == "compare":
            self.names["?"] = self._holds(it)
            self._go_on()
        elif it.what == "assert":
            holds = self._holds(it)
            self._go_on()
            if not holds:
                self._raise("AssertionError")
        else:
            raise AssertionError(it.what)

    def _holds(self, it: Instruction) -> bool:
        return bool(COMPARE[it.compare](self.names[it.name], self._value(it.value)))

    def _value(self, value: tuple[str, int]) -> Any:
        name, number = value
        return self.names[name] + number if name else number

    def _access(self, it: Instruction) -> None:
        present = self.variables[it.on]
        if it.what == "read":
            self.names[it.name] = it.value(present) if callable(it.value) else present
        elif it.what == "write":
            self.variables[it.on] = self._value(it.value)
        elif it.name == "append":
            self.variables[it.on] = (*present, self._value(it.value))
        elif present:
            self.variables[it.on] = present[:-1]
        else:
            self._raise("IndexError")
            return
        self._go_on()

    # operations
    def _is_quiet(self, it: Instruction) -> bool:
        """Whether it changes and learns only what no other thread can change or learn."""
        kind = self.search.kinds[it.on] if it.on < len(self.search.kinds) and it.what not in ("start", "finish") else ""
        if kind not in ("RLock", "Condition") or self.me.at:
            return False
        lock = self.things[it.on]
        mine = lock.owner == self.i
        if it.what in ("acquire", "try"):
            return bool(mine)
        if it.what == "release":
            return not mine or lock.depth > 1
        return it.what in ("wait", "notify", "notify_all") and not mine

    def _quietly(self, it: Instruction) -> None:
        lock = self.things[it.on]
        if lock.owner != self.i:
            self._leave_guard(it)
            self._raise("RuntimeError")
            return
        deeper = 1 if it.what in ("acquire", "try") else -1
        self.things[it.on] = lock._replace(depth=lock.depth + deeper)
        if it.what == "try":
            self.names[it.name] = True
        self._leave_guard(it)
        self._go_on()

    def _leave_guard(self, it: Instruction) -> None:
        """While an exception is under way, what is released is the innermost guard."""
        if self.me.raised is not None and it.what == "release":
            self.me = self.me._replace(guards=self.me.guards[:-1])

    def _operation(self, it: Instruction) -> bool:
        """Make it, or one part of it; False if the thread has to wait."""
        if it.what in ("start", "finish", "sleep"):
            return bool(getattr(self, f"_{it.what}")(it))
        family = {"BoundedSemaphore": "semaphore", "RLock": "lock", "Condition": "lock"}
        kind = self.search.kinds[it.on]
        what = "wait" if it.what == "index" else it.what
        return bool(getattr(self, f"_{what}_{family.get(kind, kind.lower())}")(it, self.things[it.on]))

    def _done(self, it: Instruction, thing: Any = None, result: Any = None) -> bool:
        if thing is not None:
            self.things[it.on] = thing
        if it.name:
            self.names[it.name] = result
        self._leave_guard(it)
        self._go_on()
        return True

    def _failed(self, it: Instruction, error: str) -> bool:
        self._leave_guard(it)
        self._raise(error)
        return True

    def _stays(self, it: Instruction, at: str, thing: Any = None, **changes: Any) -> bool:
        """It has begun the operation, and is not through."""
        if thing is not None:
            self.things[it.on] = thing
        self.me = self.me._replace(at=at, **changes)
        return True

    def _start(self, it: Instruction) -> bool:
        self.threads[it.on] = Thread("alive")
        self._go_on()
        return True

    def _finish(self, it: Instruction) -> bool:
        ended = self.threads[it.on].life == "ended"
        if ended:
            self._go_on()
        return ended

    def _sleep(self, it: Instruction) -> bool:
        if self.me.at == "":
            return self._stays(it, "asleep", until=self.now + it.value)
        if self.me.at == "asleep":
            return False
        self._go_on(until=0)
        return True

    # Semaphore and BoundedSemaphore: the value
    def _acquire_semaphore(self, it: Instruction, value: int) -> bool:
        return value > 0 and self._done(it, value - 1)

    def _try_semaphore(self, it: Instruction, value: int) -> bool:
        return self._done(it, value - 1, True) if value else self._done(it, None, False)

    def _release_semaphore(self, it: Instruction, value: int) -> bool:
        n = it.value or 1
        if self.search.kinds[it.on] == "BoundedSemaphore" and value + n > self.search.arguments[it.on]:
            return self._failed(it, "ValueError")
        return self._done(it, value + n)

    # Lock, RLock, Condition; of an RLock only the first acquire and the last release are operations
    def _acquire_lock(self, it: Instruction, lock: Owned) -> bool:
        return lock.owner is None and self._done(it, lock._replace(owner=self.i, depth=1))

    def _try_lock(self, it: Instruction, lock: Owned) -> bool:
        if lock.owner is None:
            return self._done(it, lock._replace(owner=self.i, depth=1), True)
        return self._done(it, None, False)

    def _locked_lock(self, it: Instruction, lock: Owned) -> bool:
        return self._done(it, None, lock.owner is not None)

    def _release_lock(self, it: Instruction, lock: Owned) -> bool:
        if lock.owner is None:
            return self._failed(it, "RuntimeError")
        return self._done(it, lock._replace(owner=None, depth=0))

    def _wait_lock(self, it: Instruction, lock: Owned) -> bool:
        if self.me.at == "":
            waiting = (*lock.waiting, self.i)
            return self._stays(it, "waits", Owned(None, 0, waiting), depth=lock.depth)
        if self.me.at == "waits" or lock.owner is not None:
            return False
        depth, self.me = self.me.depth, self.me._replace(depth=0)
        return self._done(it, lock._replace(owner=self.i, depth=depth))

    def _notify_lock(self, it: Instruction, lock: Owned, n: int = 1) -> bool:
        for other in lock.waiting[:n]:
            self.threads[other] = self.threads[other]._replace(at="notified")
        return self._done(it, lock._replace(waiting=lock.waiting[n:]))

    def _notify_all_lock(self, it: Instruction, lock: Owned) -> bool:
        return self._notify_lock(it, lock, len(lock.waiting))

    # Event: whether it is set
    def _wait_event(self, it: Instruction, is_set: bool) -> bool:
        if self.me.at == "waits":
            return False
        if self.me.at == "" and not is_set:
            return self._stays(it, "waits")
        return self._done(it)

    def _set_event(self, it: Instruction, is_set: bool) -> bool:
        for other, thread in enumerate(self.threads):
            if thread.at == "waits" and self.search.codes[other][thread.pc][:2] == ("wait", it.on):
                self.threads[other] = thread._replace(at="let through")
        return self._done(it, True)

    def _clear_event(self, it: Instruction, is_set: bool) -> bool:
        return self._done(it, False)

    def _is_set_event(self, it: Instruction, is_set: bool) -> bool:
        return self._done(it, None, is_set)

    # Barrier: its state, and how many are inside
    def _wait_barrier(self, it: Instruction, barrier: tuple[str, int]) -> bool:
        state, count = barrier
        if self.me.at == "inside":
            if state == FILLING:
                return False
            self.things[it.on] = _one_less(state, count)
            if state != DRAINING:
                return self._failed(it, "BrokenBarrierError")
            index, self.me = self.me.depth, self.me._replace(depth=0)
            return self._done(it, None, index)
        if state in (DRAINING, RESETTING):
            return self.me.at == "" and self._stays(it, "before")
        if state == BROKEN:
            return self._failed(it, "BrokenBarrierError")
        if count + 1 == self.search.arguments[it.on]:
            return self._done(it, _one_less(DRAINING, count + 1), count)
        return self._stays(it, "inside", (FILLING, count + 1), depth=count)

    def _abort_barrier(self, it: Instruction, barrier: tuple[str, int]) -> bool:
        return self._done(it, (BROKEN, barrier[1]))

    def _reset_barrier(self, it: Instruction, barrier: tuple[str, int]) -> bool:
        state, count = barrier
        if not count:
            return self._done(it, (FILLING, 0))
        return self._done(it, (state if state == DRAINING else RESETTING, count))

    # Queue: the items, and how many are not done
    def _put_queue(self, it: Instruction, line: tuple[tuple[int, ...], int]) -> bool:
        items, unfinished = line
        room = self.search.arguments[it.on]
        if room and len(items) >= room:
            return False
        value = self.names[it.value] if isinstance(it.value, str) else it.value
        return self._done(it, ((*items, value), unfinished + 1))

    def _put_nowait_queue(self, it: Instruction, line: tuple[tuple[int, ...], int]) -> bool:
        return self._put_queue(it, line) or self._failed(it, "Full")

    def _get_queue(self, it: Instruction, line: tuple[tuple[int, ...], int]) -> bool:
        items, unfinished = line
        return bool(items) and self._done(it, (items[1:], unfinished), items[0])

    def _get_nowait_queue(self, it: Instruction, line: tuple[tuple[int, ...], int]) -> bool:
        return self._get_queue(it, line) or self._failed(it, "Empty")

    def _qsize_queue(self, it: Instruction, line: tuple[tuple[int, ...], int]) -> bool:
        return self._done(it, None, len(line[0]))

    def _task_done_queue(self, it: Instruction, line: tuple[tuple[int, ...], int]) -> bool:
        items, unfinished = line
        if not unfinished:
            return self._failed(it, "ValueError")
        return self._done(it, (items, unfinished - 1))

    def _join_queue(self, it: Instruction, line: tuple[tuple[int, ...], int]) -> bool:
        return not line[1] and self._done(it)


def _new(kind: str, argument: int) -> Any:
    if kind in ("Semaphore", "BoundedSemaphore"):
        return argument
    return {"Event": False, "Barrier": (FILLING, 0), "Queue": ((), 0)}.get(kind, Owned())


def _one_less(state: str, count: int) -> tuple[str, int]:
    """A barrier that one has left; the last to leave opens it for the next round."""
    return (FILLING if count == 1 and state in (DRAINING, RESETTING) else state, count - 1)
