"""No log of a small program that was changed afterwards is certified, whichever primitives it is about."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from programs.small import Program, perform, programs
from support.corruptions import corruptions

import semalab as lab
from semalab.log.trace import CertificateError, Trace


def unnoticed(trace: Trace) -> list[str]:
    """What was changed without the certificate's noticing."""
    found = []
    for change in corruptions(trace):
        try:
            change.trace.certify()
        except CertificateError:
            continue
        found.append(f"{change.what}: event {change.index}, {trace[change.index]}")
    return found


@settings(max_examples=100, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(programs())
def test_no_changed_log_is_certified(program: Program) -> None:
    results: list[list[Any]] = [[] for _ in program.tasks]
    trace = lab.record(perform, program=program, results=results, clock="virtual").trace
    assert trace.certify() is trace
    assert unnoticed(trace) == []
