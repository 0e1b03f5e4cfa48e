"""``help-center-conformance certify URL …``: certifies a server; every option of pytest may follow."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.command.parser import Parser
from conformance.command.pytest_run import run


def main(arguments: Sequence[str]) -> int:
    """Returns pytest's exit code."""
    parser = Parser("certify", "Certifies the server at URL.")
    parser.add_argument("url", metavar="URL", help="the server: scheme, host and port")
    parser.pass_on_the_rest()
    given = parser.parse_args(arguments)
    return run([f"--target={given.url}", *given.options])
