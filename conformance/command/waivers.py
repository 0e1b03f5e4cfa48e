"""``help-center-conformance waivers draft DIR``: a file of waivers to begin with, from what a run found."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path

from conformance.command.parser import Parser
from conformance.report.rejudge import earlier
from conformance.run.waiver_draft import draft


def main(arguments: Sequence[str]) -> int:
    """Prints TOML. Returns 0."""
    parser = Parser("waivers", "Drafts waivers for what failed or could not be checked in a run; prints TOML.")
    parser.add_argument("action", choices=["draft"])
    parser.add_argument("folder", metavar="DIR", help="the reports of the run, or its verdict.json")
    parser.add_argument("--reason", metavar="TEXT", default="", help="why all of it is accepted; else to be filled in")
    parser.add_argument("--owner", metavar="NAME", default="", help="who answers for it; else to be filled in")
    given = parser.parse_args(arguments)
    path = Path(given.folder)
    verdict = earlier(path.parent if path.name == "verdict.json" else path)
    if verdict is None:
        parser.error(f"{given.folder} has no verdict.json: pass the --reports folder of a run")
    today = datetime.datetime.now(datetime.UTC).date()
    print(draft(verdict, today, owner=given.owner, reason=given.reason), end="")
    return 0
