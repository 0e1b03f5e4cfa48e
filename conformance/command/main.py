"""``help-center-conformance COMMAND …``: finds the command and hands it the rest of the command line."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from conformance import __version__
from conformance.command.parser import NAME, USAGE
from conformance.run.memory import address_space

INTERRUPTED = 2
"""As pytest's."""
LEAST = 180 * 2**20
"""Bytes of address space, without which a run cannot even be loaded."""


@dataclass(frozen=True)
class Command:
    """``module`` has ``main(arguments) -> exit code``, and is imported for this command alone. ``runs``: pytest."""

    module: str
    help: str
    runs: bool = False


COMMANDS = {
    "certify": Command(
        "conformance.command.certify", "certify a server: pytest, without this project's settings", runs=True
    ),
    "doctor": Command(
        "conformance.command.doctor", "check a configuration against a server, without certifying it", runs=True
    ),
    "rejudge": Command("conformance.command.rejudge", "judge the transcripts of an earlier run again", runs=True),
    "verify": Command("conformance.command.verify", "whether what a statement claims still holds", runs=True),
    "load": Command("conformance.command.load", "judge a server by the laws while many users chat (needs Locust)"),
    "waivers": Command("conformance.command.waivers", "draft a file of waivers from what a run found"),
    "compare": Command("conformance.compare", "what got worse between two verdicts, and what differs"),
    "requirements": Command("conformance.command.requirements", "list, search and show what is required"),
    "serve": Command("conformance.reference.cli", "serve the reference server, to build a client against"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = _parser()
    if not (sys.argv[1:] if arguments is None else arguments):
        parser.print_help()
        return USAGE
    given = parser.parse_args(arguments)
    command = COMMANDS[given.command]
    try:
        if command.runs and address_space() < LEAST:
            raise MemoryError
        code: int = importlib.import_module(command.module).main(given.arguments)
    except KeyboardInterrupt:  # while pytest is loaded: later it is pytest that ends the run
        print(f"{NAME}: interrupted", file=sys.stderr)
        return INTERRUPTED
    except MemoryError:
        print(f"{NAME}: too little memory: raise ulimit -v", file=sys.stderr)
        return USAGE
    return code


def _parser() -> argparse.ArgumentParser:
    width = max(map(len, COMMANDS))
    parser = argparse.ArgumentParser(
        prog=NAME,
        usage=f"{NAME} COMMAND …",
        description="Certifies servers that speak the Help Center chat API.",
        epilog="commands:\n" + "\n".join(f"  {name:<{width}}  {one.help}" for name, one in COMMANDS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"{NAME} {__version__}")
    parser.add_argument("command", metavar="COMMAND", choices=COMMANDS, help=f"{NAME} COMMAND --help says more")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
