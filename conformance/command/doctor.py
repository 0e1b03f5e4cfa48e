"""``help-center-conformance doctor URL …``: checks a configuration against a target, and certifies nothing."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from conformance.command.parser import Parser
from conformance.command.pytest_run import run


class Examining:
    """A plugin in whose run pytest reads the command line and collects nothing."""

    @pytest.hookimpl
    def pytest_cmdline_main(self, config: pytest.Config) -> int:
        from conformance.run.doctor import report  # noqa: PLC0415  help is printed without it

        return report(config, print)


def main(arguments: Sequence[str]) -> int:
    """Returns 0 when a certification can come to a verdict, 10 when it would end incomplete, 4 when it cannot begin."""
    parser = Parser("doctor", "Checks a configuration against the server at URL, without certifying it (-v: defaults).")
    parser.add_argument("url", metavar="URL", nargs="?", help="the server: scheme, host and port")
    parser.pass_on_the_rest()
    given, others = parser.parse_known_args(arguments[:1])
    target = [f"--target={given.url}"] if given.url is not None else []
    return run([*target, *others, *arguments[1:]], plugins=[Examining()])
