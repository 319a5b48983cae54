"""A cluster's semaphore on the bench; only where Dask is installed, which nothing else needs."""

from __future__ import annotations

import pytest

import semalab as lab
from semalab.beyond import record_cluster
from semalab.log.stops import Timeout

distributed = pytest.importorskip("distributed", reason="Dask is not installed: pip install -e '.[cluster]'")


def ask(leases: int = 2) -> list[int]:
    from distributed import Client, LocalCluster, Semaphore

    here = {"host": "127.0.0.1", "protocol": "tcp", "dashboard_address": None}
    with LocalCluster(n_workers=1, threads_per_worker=4, processes=False, **here) as cluster:
        client, connections = Client(cluster), Semaphore(max_leases=leases, name="connections")

        def work(i: int) -> int:
            with connections:
                return i

        answers = client.gather([client.submit(work, i, key=f"task-{i}") for i in range(5)])
        client.close()
        return list(answers)


def test_leases_are_permits_and_tasks_are_rows() -> None:
    real = distributed.Semaphore
    run = record_cluster(ask, claim=lab.limit)
    run.trace.certify()
    assert lab.limit(run) and run.result == [0, 1, 2, 3, 4]
    assert set(run.trace.threads) == {"main", *(f"task-{i}" for i in range(5))}
    assert "connections = distributed.Semaphore(2)" in run.description
    assert distributed.Semaphore is real


def lose_a_lease() -> None:
    from distributed import Client, LocalCluster, Semaphore

    with LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None) as cluster:
        client, only = Client(cluster), Semaphore(max_leases=1, name="only")

        def keep() -> None:
            only.acquire()

        try:
            client.submit(keep, key="keeper").result()
            client.submit(keep, key="waiter").result()
        finally:
            client.close()


def test_a_lease_that_never_comes_ends_the_run_when_its_time_is_over() -> None:
    run = record_cluster(lose_a_lease, timeout=2.0)
    run.trace.certify()
    assert isinstance(run.stopped, Timeout) and run.stopped.running == ("waiter",) and run.exception is None
    line = lose_a_lease.__code__.co_firstlineno + 7
    assert run.verdict.startswith(
        f"Stopped: the program had not ended after 2 s; waiter was still there, in keep, line {line}"
    )
    assert run.reading.uses["only"].kept == ("keeper",)


def test_a_patience_of_the_program_s_own_is_a_refusal_and_no_stop() -> None:
    def no_patience() -> bool:
        with LocalCluster(n_workers=1, processes=False, dashboard_address=None) as cluster, Client(cluster):
            only = distributed.Semaphore(max_leases=1, name="only")
            only.acquire()
            return bool(only.acquire(timeout=0.05))

    from distributed import Client, LocalCluster

    run = record_cluster(no_patience)
    run.trace.certify()
    assert run.result is False and run.stopped is None
    assert [event.kind for event in run.trace if event.primitive] == ["block", "acquire", "block", "refuse"]


def test_an_exception_of_the_program_is_raised() -> None:
    def fail() -> None:
        raise LookupError("no cluster")

    with pytest.raises(LookupError, match="no cluster"):
        record_cluster(fail)
    assert record_cluster(fail, raises=False).verdict == "main raised LookupError: no cluster"
