"""What a run under load leaves: ``load.json`` and ``load.html``, beside what Locust writes."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

from conformance import __version__
from conformance.load import verdict
from conformance.report.rendering import render


def write(run: verdict.Run, folder: Path) -> list[str]:
    """Lines that say where they are."""
    told = verdict.to_json(run, __version__)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "load.json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    (folder / "load.html").write_text(render("load.html.j2", run=told), encoding="utf-8")
    return [f"  reports: {folder}/load.html, load.json, locust.html"]


def again(target: str, options: Any) -> str:
    """The command that repeats a run. ``options``: Locust's."""
    words = [f"--users={options.num_users}", f"--rate={options.spawn_rate}", f"--time={options.run_time}s"]
    return shlex.join(["help-center-conformance", "load", target, *words, f"--transports={options.transports}"])
