"""``python -m tests.pace [--rtt SECONDS] [--fault NAME]``: how long a run takes nearby and far away, and its parts.

What a scenario takes longer far away, in round trips, is how often it waits for the target. A fault shows what a broken
server takes, the search for a smaller example with it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from conformance.record.transcript import Transcript
from conformance.reference.help_center import HelpCenter
from conformance.reference.serve import Served
from conformance.reference.tokens import Verifier
from tests.faults.battery import SECRET, certify
from tests.faults.fault import load_all
from tests.support.distance import Distance, far_away

LIVE = (
    "generated_texts",
    "generated_invalid_texts",
    "generated_payloads",
    "generated_no_objects",
    "generated_typing",
    "conversations",
    "other_conversations",
    "more_conversations",
    "fourth_conversations",
    "fifth_conversations",
    "sixth_conversations",
)
"""Scenarios that Hypothesis drives."""
SEED = "--hypothesis-seed=1"
"""The same examples nearby and far away."""


def measured(center: HelpCenter, distance: Distance, reports: Path) -> Mapping[str, float]:
    """Seconds of the whole run, and of each live scenario."""
    with Served(center.app) as server, far_away(server.url, distance) as url:
        verdict = certify(url, reports, SEED).verdict
    seconds = {name: _lasted(reports / "transcripts" / f"{name}.jsonl") for name in LIVE}
    return {"the whole run": float(verdict["seconds"]), **seconds}


def _lasted(path: Path) -> float:
    return Transcript.load(path).entries[-1].at


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.pace", description=__doc__)
    parser.add_argument("--rtt", type=float, default=0.1, help="seconds for a round trip (default: 0.1)")
    parser.add_argument("--fault", metavar="NAME", help="a broken server in place of the correct one")
    asked = parser.parse_args(arguments)
    rtt, faults = asked.rtt, load_all()
    if asked.fault not in (None, *faults):
        parser.error(f"--fault={asked.fault}: docs/kill-matrix.md has the names")

    def center() -> HelpCenter:
        return faults[asked.fault].build(SECRET) if asked.fault else HelpCenter(Verifier(SECRET))

    with tempfile.TemporaryDirectory() as folder:
        near = measured(center(), Distance(), Path(folder) / "near")
        far = measured(center(), Distance(rtt), Path(folder) / "far")
    print(f"{'':<26}{'near':>9}{f'{rtt * 1000:.0f} ms':>9}   round trips")
    for name, seconds in near.items():
        print(f"{name:<26}{seconds:>7.1f} s{far[name]:>7.1f} s{(far[name] - seconds) / rtt:>10.0f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
