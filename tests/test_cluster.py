"""A cluster's semaphore on the bench; only where Dask is installed, which nothing else needs."""

from __future__ import annotations

import pytest

import semalab as lab
from semalab.beyond import record_cluster

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


def test_an_exception_of_the_program_is_raised() -> None:
    def fail() -> None:
        raise LookupError("no cluster")

    with pytest.raises(LookupError, match="no cluster"):
        record_cluster(fail)
    assert record_cluster(fail, raises=False).verdict == "main raised LookupError: no cluster"
