"""How many scenarios can be recorded at once with the files that this process may open: each connection is one."""

from __future__ import annotations

import contextlib
import os

from conformance.errors import UsageError

try:
    import resource
except ImportError:  # Windows, which has no such limit
    resource = None  # type: ignore[assignment]

WANTED = 1024
RESERVE = 10
"""For reports, modules and DNS."""
EACH = 6
"""Connections of a scenario, as a rule."""


def bounded(concurrency: int) -> int:
    """As many scenarios at once as there are files for. Raises UsageError where there are too few for one."""
    if resource is None:
        return concurrency
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return concurrency
    most = min(WANTED, hard) if hard != resource.RLIM_INFINITY else WANTED
    if soft < most:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
            soft = most
    scenarios = (soft - _opened() - RESERVE) // EACH
    if scenarios < 1:
        raise UsageError(f"only {soft} files may be open at once, which is too few: raise it (ulimit -n 256)")
    return min(concurrency, scenarios)


def _opened() -> int:
    """Files that are open now."""
    for folder in ("/proc/self/fd", "/dev/fd"):
        with contextlib.suppress(OSError):
            return len(os.listdir(folder))
    return 32
