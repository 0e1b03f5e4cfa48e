"""The table of deployments: ``@deployment("name")`` registers how one is served."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.faults.battery import SECRET, Certified, certify

Serve = Callable[[Path], AbstractContextManager[str]]
"""Starts everything with this empty folder for its files; yields the URL to certify."""


@dataclass(frozen=True)
class Deployment:
    name: str
    about: str
    serve: Serve

    def certify(self, reports: Path, *options: str) -> tuple[Certified, float]:
        """Start it, certify it and end it; how long the certification took, in seconds. Raises NotRun."""
        with TemporaryDirectory() as folder, self.serve(Path(folder)) as url:
            began = time.monotonic()
            return certify(url, reports, *options), time.monotonic() - began


DEPLOYMENTS: dict[str, Deployment] = {}


def deployment(name: str, about: str) -> Callable[[Serve], Serve]:
    def register(serve: Serve) -> Serve:
        DEPLOYMENTS[name] = Deployment(name, about, serve)
        return serve

    return register


def environment(**more: str) -> dict[str, str]:
    """What is passed to a server."""
    return {"JWT_SECRET": SECRET, **more}
