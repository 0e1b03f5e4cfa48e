"""``python -m tests.deployments [NAME …]``: certify Help Centers as teams deploy them. All are correct, so whatever one
is accused of is a fault of the harness. Redis, nginx, Node.js and npm have to be there; what comes from npm and PyPI is
installed here, once.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType

from tests.deployments import bun_engine, nest, nodes, python_socketio  # noqa: F401  each registers its deployments
from tests.deployments.deployment import DEPLOYMENTS, Deployment
from tests.deployments.processes import NotRun


def main(arguments: list[str]) -> int:
    """Print a line for each run; how many were not conformant or could not be started."""
    names = "\n".join(f"  {one.name:<12}{one.about}" for one in DEPLOYMENTS.values())
    parser = argparse.ArgumentParser(
        prog="python -m tests.deployments",
        description=__doc__,
        epilog=f"deployments:\n{names}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="which (default: all)")
    parser.add_argument("--times", type=int, default=1, help="how many times each is certified (default: 1)")
    parser.add_argument("--reports", type=Path, help="a folder that keeps the reports")
    asked = parser.parse_args(arguments)
    if unknown := [name for name in asked.names if name not in DEPLOYMENTS]:
        parser.error(f"no deployment is named {' or '.join(unknown)}: there are {', '.join(DEPLOYMENTS)}")
    chosen = [one for one in DEPLOYMENTS.values() if not asked.names or one.name in asked.names]
    with tempfile.TemporaryDirectory() as folder:
        reports = asked.reports or Path(folder)
        return sum(_run(one, reports / one.name / str(time)) for one in chosen for time in range(1, asked.times + 1))


def _run(deployment: Deployment, reports: Path) -> bool:
    """Tell how one certification ended; whether there is something to look into."""
    try:
        outcome, seconds = deployment.certify(reports.resolve())
    except NotRun as why:
        print(f"{'NOT RUN':<9}{deployment.name:<12}{why}", flush=True)
        return True
    accusations = outcome.failed | outcome.ids("unverified") | outcome.ids("error")
    wrong = bool(outcome.exit_code or accusations)
    verdict = outcome.verdict.get("verdict", "no verdict")
    print(f"{'ACCUSED' if wrong else 'ok':<9}{deployment.name:<12}{verdict}, {seconds:.1f} s", flush=True)
    for one in sorted(accusations):
        print(f"         {one}  {outcome.reason(one)[:400]}", flush=True)
    if wrong and not accusations:
        print(outcome.output[-2000:], flush=True)
    return wrong


def _terminated(number: int, frame: FrameType | None) -> None:
    """Leave as for Ctrl-C: what was started is ended."""
    raise SystemExit(128 + number)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _terminated)
    sys.exit(min(main(sys.argv[1:]), 99))
