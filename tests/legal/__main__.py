"""``python -m tests.legal [--shared] [--keep=FOLDER] [NAME-PART …]``: certify odd servers that are right, and say what
they are accused of. Each oddity has a server of its own, unless they share.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import as_completed
from pathlib import Path

from tests.faults.battery import VERDICT_ONLY, Certified, pool, reports_in
from tests.legal.legal import OddServer, load_all, shared


def main(arguments: list[str]) -> int:
    """Print a line for each server, as they are done; the number of those that were accused of something, or passed
    what their advice says that they fail."""
    parser = argparse.ArgumentParser(prog="python -m tests.legal", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="NAME-PART")
    parser.add_argument("--shared", action="store_true", help="one server for oddities that do not touch each other")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where transcripts and verdicts stay, by server")
    asked = parser.parse_args(arguments)
    chosen = [one for one in load_all().values() if not asked.parts or any(part in one.name for part in asked.parts)]
    slow = [OddServer((one,)) for one in chosen if one.slow]
    servers = [*shared(chosen), *slow] if asked.shared else [OddServer((one,)) for one in chosen]
    with reports_in(asked.keep) as folder, pool() as workers:
        runs = {workers.submit(server.certify, folder, *VERDICT_ONLY): server for server in servers}
        return sum(_tell(runs[run], run.result()) for run in as_completed(runs))


def _tell(server: OddServer, certified: Certified) -> bool:
    accusations, unheard = server.accusations(certified), server.advice - certified.failed
    accused = bool(accusations or certified.exit_code or certified.contradictions)
    took = certified.verdict.get("seconds", 0.0)
    said = f"exit code {certified.exit_code}, {certified.verdict.get('verdict', 'no verdict')}, {took:.1f} s"
    word = "ACCUSED" if accused else "UNHEARD" if unheard else "ok"
    print(f"{word:<9}{server.name:<40} {said}", flush=True)
    for one, reason in sorted(accusations.items()):
        print(f"        {one}  {reason[:400]}")
    for one in sorted(unheard):
        print(f"        passed, though its advice says that it fails: {one}")
    for contradiction in certified.contradictions:
        print(f"        contradiction: {contradiction[:300]}")
    if accused and not accusations:
        print(certified.output[-1000:])
    return accused or bool(unheard)


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 99))
