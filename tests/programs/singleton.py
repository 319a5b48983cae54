"""How learners make an object of which there is only one: in a metaclass, and in the `__new__` of a class."""

from __future__ import annotations

import threading
from typing import Any, ClassVar


def _made_by_two(make: Any) -> None:
    made: list[Any] = [None, None]

    def work(place: int) -> None:
        made[place] = make()

    threads = [threading.Thread(target=work, args=(place,)) for place in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made[0] is made[1]


def kept_by_a_metaclass(guarded: bool) -> None:
    class Single(type):
        lock = threading.Lock()
        made: ClassVar[dict[type, Any]] = {}

        def __call__(cls, *args: Any, **kwargs: Any) -> Any:
            if guarded:
                with cls.lock:
                    if cls not in cls.made:
                        cls.made[cls] = super().__call__(*args, **kwargs)
            elif cls not in cls.made:
                one = super().__call__(*args, **kwargs)
                cls.made[cls] = one
            return cls.made[cls]

    class Settings(metaclass=Single):
        def __init__(self) -> None:
            self.colour = "red"

    _made_by_two(Settings)


def looked_for_twice(guarded: bool) -> None:
    class Settings:
        lock = threading.Lock()
        one: Any = None

        def __new__(cls) -> Any:
            if cls.one is None:
                if guarded:
                    with cls.lock:
                        if cls.one is None:
                            cls.one = super().__new__(cls)
                else:
                    cls.one = super().__new__(cls)
            return cls.one

    _made_by_two(Settings)
