"""Programs that tests need beside Python; which command installs one is said where it is missing."""

from __future__ import annotations

import shutil

PACKAGES = {"node": "nodejs npm", "npm": "nodejs npm", "chromium": "chromium"}
"""The Debian packages that bring a program."""


class ToolMissing(Exception):
    """In one line: what is missing, and what installs it."""


def program(name: str, *others: str) -> str:
    """The path of a program, by any of its names. Raises ToolMissing."""
    path = next((found for one in (name, *others) if (found := shutil.which(one))), None)
    if path is None:
        raise ToolMissing(f"{name} is missing: apt-get install {PACKAGES[name]}")
    return path
