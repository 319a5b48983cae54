"""What the examples in docstrings call `program`: a room for a few, with threads, tasks, processes, in a cluster."""

import asyncio
import multiprocessing
import threading
import time


def with_threads(threads=3, initial=1):
    mutex = threading.Semaphore(initial)

    def work():
        with mutex:
            time.sleep(0.01)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def starts_later():
    gate = threading.Semaphore(0)
    runner = threading.Thread(target=gate.acquire)
    runner.start()
    gate.release()
    runner.join()


async def with_tasks(tasks=3, initial=1):
    mutex = asyncio.Semaphore(initial)

    async def work():
        async with mutex:
            await asyncio.sleep(0.01)

    await asyncio.gather(*(work() for _ in range(tasks)))


def _visit(mutex):
    with mutex:
        time.sleep(0.01)


def with_processes(processes=3, initial=1):
    mutex = multiprocessing.Semaphore(initial)
    visitors = [multiprocessing.Process(target=_visit, args=[mutex]) for _ in range(processes)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()


def in_a_cluster(tasks=6, leases=2):
    from distributed import Client, LocalCluster, Semaphore

    here = {"host": "127.0.0.1", "protocol": "tcp", "dashboard_address": None}
    with LocalCluster(n_workers=1, threads_per_worker=4, processes=False, **here) as cluster:
        client, connections = Client(cluster), Semaphore(max_leases=leases, name="connections")

        def work(i):
            with connections:
                time.sleep(0.05)

        client.gather([client.submit(work, i, key=f"task-{i}") for i in range(tasks)])
        client.close()
