"""A full run on the embedded server with default options, reports and all."""

from __future__ import annotations

import sys
import tempfile

from benchmarks.figure import Figure, Figures
from benchmarks.processes import pytest, run

RUN = """
import resource, sys, pytest
code = pytest.main(sys.argv[1:])
server = resource.getrusage(resource.RUSAGE_CHILDREN)
print(server.ru_utime + server.ru_stime, file=sys.stderr)
sys.exit(code)
"""
"""Pytest; then the processor time of the server, which has ended."""


def measure() -> Figures:
    with tempfile.TemporaryDirectory() as reports:
        whole = run([sys.executable, "-c", RUN, *pytest(f"--reports={reports}")[3:]])
        again = run(pytest(f"--rejudge={reports}"))
    server = float(whole.said.split()[-1])
    collected = run(pytest("--collect-only"))
    return [
        Figure("wall time of a run", whole.wall, "s", at_most=5),
        Figure("processor time of a run", whole.processor - server, "s", at_most=3.5),
        Figure("processor time of the embedded server meanwhile", server, "s"),
        Figure("start-up, imports, collection: processor time", collected.processor, "s", at_most=0.5),
        Figure("judging again from transcripts: processor time", again.processor, "s"),
        Figure("memory", whole.memory, "MB"),
    ]
