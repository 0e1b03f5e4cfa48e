"""``help-center-conformance certify URL …``: certifies a server; every option of pytest may follow."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from conformance.command.parser import Parser
from conformance.command.project_settings import project_settings
from conformance.command.pytest_run import run


def main(arguments: Sequence[str]) -> int:
    """Returns pytest's exit code."""
    parser = Parser("certify", "Certifies the server at URL.")
    parser.add_argument("url", metavar="URL", nargs="?", help="the server: scheme, host and port")
    parser.pass_on_the_rest()
    given, others = parser.parse_known_args(arguments[:1])
    target = [f"--target={given.url}"] if given.url is not None else []
    if not target and not _has_target():
        parser.error("pass the server's URL first, as in certify http://localhost:3000, or set HELP_CENTER_TARGET")
    return run([*target, *others, *arguments[1:]])


def _has_target() -> bool:
    """Whether environment or ini file name one: else pytest would certify the embedded server."""
    in_ini = any(word.startswith("help_center_target=") for word in project_settings(Path.cwd()))
    return in_ini or bool(os.environ.get("HELP_CENTER_TARGET"))
