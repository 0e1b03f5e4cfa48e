"""Flask-SocketIO in threading mode: by Werkzeug's server, and by gunicorn's threads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.deployments.deployment import deployment, environment
from tests.deployments.packages import install_python
from tests.deployments.processes import HOST, Process, free_port

FOLDER = Path(__file__).parent / "flask"
THREADS = 200
"""Each WebSocket and each poll that waits keeps one."""


@deployment("werkzeug", "Flask-SocketIO in threading mode, by Werkzeug")
@contextmanager
def werkzeug(folder: Path) -> Iterator[str]:
    python, port = install_python(FOLDER), free_port()
    command = [str(python), "-u", str(FOLDER / "app.py")]
    with _serving(command, port, folder, ready="Press CTRL+C to quit") as url:
        yield url


@deployment("gunicorn", "Flask-SocketIO in threading mode, by gunicorn with a worker of threads")
@contextmanager
def gunicorn(folder: Path) -> Iterator[str]:
    python, port = install_python(FOLDER), free_port()
    options = [f"--bind={HOST}:{port}", "--worker-class=gthread", f"--threads={THREADS}", f"--chdir={FOLDER}"]
    command = [str(python), "-m", "gunicorn", *options, "app:app"]
    with _serving(command, port, folder, ready="Booting worker") as url:
        yield url


@contextmanager
def _serving(command: list[str], port: int, folder: Path, *, ready: str) -> Iterator[str]:
    told = environment(PORT=str(port), DATABASE=str(folder / "help-center.db"))
    with Process(command, folder / "server.log", ready=ready, environment=told):
        yield f"http://{HOST}:{port}"
