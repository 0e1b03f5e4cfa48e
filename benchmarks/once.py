"""``python -m benchmarks.once NAME``: one measurement, its figures as JSON; in a process of its own, as memory is
measured, too."""

from __future__ import annotations

import dataclasses
import json
import sys
from importlib import import_module

from benchmarks.figure import Figures

BENCHMARKS = {
    "local": "local.measure",
    "distance": "distance.measure",
    "recording": "recording.measure",
    "size": "size.measure",
    "breadth": "breadth.measure",
    "bystanders": "bystanders.measure",
}
SLOW = {
    "one-by-one": "distance.one_by_one",
    "long-histories": "size.whole_run",
}
"""Those that take many minutes; they are run where they are named."""


def measured(name: str) -> Figures:
    module, function = (BENCHMARKS | SLOW)[name].split(".")
    figures: Figures = getattr(import_module(f"benchmarks.{module}"), function)()
    return figures


if __name__ == "__main__":
    print(json.dumps([dataclasses.asdict(figure) for figure in measured(sys.argv[1])]))
