"""Memory that large messages took goes back to the system."""

from __future__ import annotations

import contextlib
import ctypes

MMAP_THRESHOLD, LARGE = -3, 2**17
"""The parameter's number in glibc's malloc.h, and its first value (bytes)."""


def give_back_large_blocks() -> None:
    """Once a large block was freed, glibc keeps those of its size between small ones, where they cannot be given back:
    after a few messages of 60 MB that are as many again. Other C libraries have no such parameter."""
    with contextlib.suppress(OSError, TypeError, AttributeError):
        ctypes.CDLL(None).mallopt(MMAP_THRESHOLD, LARGE)
