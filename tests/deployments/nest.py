"""A NestJS gateway: passport for REST, guards, a validation pipe and an exception filter for events."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.deployments.deployment import deployment, environment
from tests.deployments.packages import install_npm, node
from tests.deployments.processes import HOST, Process, free_port

FOLDER = Path(__file__).parent / "nest"


@deployment("nest", "a NestJS gateway with guards for JWTs")
@contextmanager
def gateway(folder: Path) -> Iterator[str]:
    binary = node()
    install_npm(FOLDER, build=True)
    port = free_port()
    command = [binary, str(FOLDER / "dist" / "main.js")]
    with Process(command, folder / "nest.log", ready="listening on", environment=environment(PORT=str(port))):
        yield f"http://{HOST}:{port}"
