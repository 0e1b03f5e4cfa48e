"""The memory of this process: how much it may have, and that large messages' goes back to the system."""

from __future__ import annotations

import contextlib
import ctypes
import math

try:
    import resource
except ImportError:  # Windows, which has no such limit
    resource = None  # type: ignore[assignment]

MMAP_THRESHOLD, LARGE = -3, 2**17
"""The parameter's number in glibc's malloc.h, and its first value (bytes)."""


def give_back_large_blocks() -> None:
    """Once a large block was freed, glibc keeps those of its size between small ones, where they cannot be given back:
    after a few messages of 60 MB that are as many again. Other C libraries have no such parameter."""
    with contextlib.suppress(OSError, TypeError, AttributeError):
        ctypes.CDLL(None).mallopt(MMAP_THRESHOLD, LARGE)


def address_space() -> float:
    """How many bytes of it this process may have (``ulimit -v``)."""
    if resource is None:
        return math.inf
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return math.inf if soft == resource.RLIM_INFINITY else soft
