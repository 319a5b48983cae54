"""Which of one thread's spans fit into one another, as the slices of a trace viewer must."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from semalab.analysis.usage import Span


def nested(spans: Iterable[Span]) -> Iterator[tuple[Span, bool]]:
    """The spans of a thread by their beginnings, outer ones first, and whether each fits into those before it.

    Invariant: of any two spans that fit, one lies within the other or they share no time. A hold that begins in
    another hold and outlasts it does not fit.

    >>> [fits for _, fits in nested([Span("t", "hold", "a", 0, 9, 0, 2), Span("t", "hold", "b", 5, 12, 1, 3)])]
    [True, False]
    """
    ends: list[int] = []  # of the spans that are open, innermost last
    for span in sorted(spans, key=lambda s: (s.begin, -s.end, s.first)):
        while ends and ends[-1] <= span.begin and not (ends[-1] == span.begin == span.end):
            ends.pop()
        fits = not ends or span.end <= ends[-1]
        if fits:
            ends.append(span.end)
        yield span, fits
