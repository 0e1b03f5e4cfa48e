"""Two Node.js servers that share their state in Redis, behind nginx or as a cluster; one after the other replaced."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.deployments.deployment import deployment, environment
from tests.deployments.nginx import Balancer, nginx
from tests.deployments.packages import install_npm, node
from tests.deployments.processes import NotRun, Process, free_port, redis_server

FOLDER = Path(__file__).parent / "node"
REPLACED_EVERY = 150
"""Requests, in the midst of a run that makes several hundred."""
LOOK = 0.05  # seconds between two looks at how many there were


@contextmanager
def _nodes(folder: Path, *, rate: int = 0) -> Iterator[tuple[Balancer, tuple[Process, Process]]]:
    binary = node()
    install_npm(FOLDER)
    ports = (free_port(), free_port())
    with redis_server(folder) as redis:
        first, second = (
            Process(
                [binary, str(FOLDER / "server.js")],
                folder / f"node-{port}.log",
                ready="listening on",
                environment=environment(PORT=str(port), REDIS_URL=redis),
            )
            for port in ports
        )
        with first, second, nginx(folder, ports, rate=rate) as balancer:
            yield balancer, (first, second)


@deployment("nginx", "two Node.js servers with the Redis adapter behind nginx, sticky by a base64 cookie")
@contextmanager
def behind_nginx(folder: Path) -> Iterator[str]:
    with _nodes(folder) as (balancer, _):
        yield balancer.url


@deployment("rolling", "the same, while one server after the other is asked to end and started anew")
@contextmanager
def drained(folder: Path) -> Iterator[str]:
    with _nodes(folder) as (balancer, nodes), _replaced(balancer, nodes, Process.stop):
        yield balancer.url


@deployment("crashing", "the same, while one server after the other is killed and started anew")
@contextmanager
def killed(folder: Path) -> Iterator[str]:
    with _nodes(folder) as (balancer, nodes), _replaced(balancer, nodes, Process.kill):
        yield balancer.url


@deployment("limited", "the same as nginx, which lets 20 requests a second pass from one address")
@contextmanager
def limited(folder: Path) -> Iterator[str]:
    with _nodes(folder, rate=20) as (balancer, _):
        yield balancer.url


@deployment("cluster", "a cluster of two workers with the cluster adapter, behind nginx")
@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    binary = node()
    install_npm(FOLDER)
    ports = (free_port(), free_port())
    command = [binary, str(FOLDER / "cluster.js")]
    with redis_server(folder) as redis:
        reported = environment(PORTS=",".join(map(str, ports)), REDIS_URL=redis)
        workers = Process(command, folder / "cluster.log", ready="listening on", environment=reported)
        with workers, nginx(folder, ports) as balancer:
            yield balancer.url


@contextmanager
def _replaced(balancer: Balancer, nodes: tuple[Process, Process], end: Callable[[Process], None]) -> Iterator[None]:
    """Replace one node after the other while requests come; leaving raises NotRun when they were not."""
    is_over = threading.Event()
    replaced: list[Process] = []

    def replace() -> None:
        for one in nodes:
            due = balancer.requests() + REPLACED_EVERY
            while balancer.requests() < due:
                if is_over.wait(LOOK):
                    return
            end(one)
            one.start()
            replaced.append(one)

    replacing = threading.Thread(target=replace)
    replacing.start()
    try:
        yield
    finally:
        is_over.set()
        replacing.join()
    if len(replaced) < len(nodes):
        raise NotRun(f"only {len(replaced)} of {len(nodes)} servers were replaced before the run was over: try again")
