"""A folder of reports belongs to one run at a time."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

from conformance.errors import UsageError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


def reserve(reports: Path) -> Callable[[], None]:
    """Keep the folder for this run, until what is returned is called or the process ends. Raises UsageError where
    another run has it, and OSError where it cannot be written to."""
    if fcntl is None:
        return lambda: None
    lock = (reports / ".running").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        if error.errno in (errno.EAGAIN, errno.EACCES):
            raise UsageError(f"another run is writing to --reports={reports}: pass another folder") from error
        return lambda: None  # a file system without locks

    def release() -> None:
        (reports / ".running").unlink(missing_ok=True)
        lock.close()

    return release
