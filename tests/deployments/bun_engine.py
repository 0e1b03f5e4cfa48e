"""Socket.IO on Bun, by its own engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.deployments.deployment import deployment, environment
from tests.deployments.packages import install_npm
from tests.deployments.processes import HOST, Process, free_port

FOLDER = Path(__file__).parent / "bun"


@deployment("bun", "Socket.IO on Bun, by @socket.io/bun-engine")
@contextmanager
def bun(folder: Path) -> Iterator[str]:
    install_npm(FOLDER)  # Bun itself comes from npm
    port = free_port()
    command = [str(FOLDER / "node_modules" / ".bin" / "bun"), str(FOLDER / "server.js")]
    reported = environment(PORT=str(port), DATABASE=str(folder / "help-center.db"))
    with Process(command, folder / "bun.log", ready="listening on", environment=reported):
        yield f"http://{HOST}:{port}"
