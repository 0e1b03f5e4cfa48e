"""What a run under load leaves: ``load.json`` and ``load.html``, beside what Locust writes."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

from conformance import __version__
from conformance.load import usage, verdict
from conformance.load.tokens import SHARED
from conformance.protocol import Json
from conformance.report.rendering import render
from conformance.run.options import Options

OF_ENVIRONMENT = ("--token", "--jwt-secret", "--token-command")
"""Where tokens come from stands in the environment of whoever repeats a run."""


def write(run: verdict.Run, folder: Path) -> list[str]:
    """Lines that say where they are."""
    content = verdict.to_json(run, __version__)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "load.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    (folder / "load.html").write_text(page(content), encoding="utf-8")
    return [f"  reports: {folder}/load.html, load.json, locust.html"]


def page(content: Json) -> str:
    """As HTML. ``content``: that of load.json."""
    pace, locust = verdict.pace_text(content["pace"]), usage.text(content["generator"])
    return render("load.html.j2", run=content, pace=pace, locust=locust)


def again(target: str, locust: Any, given: Options) -> str:
    """The command that repeats a run; what is secret stands there as its variable. ``locust``: its options."""
    words = [f"--users={locust.num_users}", f"--rate={locust.spawn_rate}", f"--time={locust.run_time}s"]
    shared = [option for option in SHARED if option.flag not in OF_ENVIRONMENT]
    more = [word for option in shared if option.in_reproduce for word in option.in_reproduce(option, given)]
    plain = shlex.join(["help-center-conformance", "load", target, *words, f"--transports={locust.transports}"])
    return " ".join([plain, *more])
