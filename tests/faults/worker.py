"""One certification in a process of its own, forked from one that has imported everything already."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

import conformance.run.session  # noqa: F401  imported before the fork, for all that follow


def run(arguments: Sequence[str], environment: Mapping[str, str], folder: Path, output: Path) -> None:
    """``pytest ARGUMENTS`` in ``folder``, with what it prints in ``output``; exits with its exit code."""
    gc.disable()  # it lives for seconds: collecting garbage would only take time
    gc.freeze()  # Hypothesis collects for each of its threads: not what was imported before the fork
    sys.dont_write_bytecode = False  # the suites are compiled once for all
    os.chdir(folder)
    os.environ.update(environment)
    with output.open("wb") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    sys.exit(pytest.main([*arguments, "-W", "ignore::pytest.PytestAssertRewriteWarning"]))
