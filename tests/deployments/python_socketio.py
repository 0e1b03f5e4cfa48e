"""python-socketio: Flask-SocketIO in threading mode by Werkzeug and by gunicorn's threads; FastAPI by two uvicorns."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.deployments.deployment import deployment, environment
from tests.deployments.nginx import nginx
from tests.deployments.packages import install_python
from tests.deployments.processes import HOST, Process, free_port, redis_server

FOLDER = Path(__file__).parent / "python"
THREADS = 200
"""Each WebSocket and each poll that waits keeps one."""


@deployment("werkzeug", "Flask-SocketIO in threading mode, by Werkzeug")
@contextmanager
def werkzeug(folder: Path) -> Iterator[str]:
    port = free_port()
    command = [_python(), "-u", str(FOLDER / "flask_app.py")]
    with _process(command, port, folder, ready="Press CTRL+C to quit"):
        yield f"http://{HOST}:{port}"


@deployment("gunicorn", "Flask-SocketIO in threading mode, by gunicorn with a worker of threads")
@contextmanager
def gunicorn(folder: Path) -> Iterator[str]:
    port = free_port()
    options = [f"--bind={HOST}:{port}", "--worker-class=gthread", f"--threads={THREADS}", f"--chdir={FOLDER}"]
    with _process([_python(), "-m", "gunicorn", *options, "flask_app:app"], port, folder, ready="Booting worker"):
        yield f"http://{HOST}:{port}"


@deployment("fastapi", "two FastAPI servers with python-socketio's Redis manager behind nginx, sticky likewise")
@contextmanager
def fastapi(folder: Path) -> Iterator[str]:
    python, ports = _python(), (free_port(), free_port())
    with redis_server(folder) as redis:
        first, second = (
            _process(
                [python, "-m", "uvicorn", f"--host={HOST}", f"--port={port}", f"--app-dir={FOLDER}", "fastapi_app:app"],
                port,
                folder,
                ready="Uvicorn running on",
                REDIS_URL=redis,
            )
            for port in ports
        )
        with first, second, nginx(folder, ports) as balancer:
            yield balancer.url


def _python() -> str:
    return str(install_python(FOLDER))


def _process(command: list[str], port: int, folder: Path, *, ready: str, **more: str) -> Process:
    reported = environment(PORT=str(port), DATABASE=str(folder / "help-center.db"), **more)
    return Process(command, folder / f"server-{port}.log", ready=ready, environment=reported)
