"""The command lines of our commands."""

from __future__ import annotations

import argparse
from typing import NoReturn

NAME = "help-center-conformance"
USAGE = 4
"""The exit code for a command line that cannot be carried out, as pytest has it."""


class Parser(argparse.ArgumentParser):
    """Says in one line what is wrong with a command line."""

    def __init__(self, command: str, description: str) -> None:
        super().__init__(prog=f"{NAME} {command}", description=description, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE, f"{self.prog}: {message}\n")

    def pass_on_the_rest(self) -> None:
        """What follows the positional arguments is taken as it is, as ``options``: it is pytest's."""
        help_text = "any option of pytest; pytest --help lists ours under 'help-center conformance'"
        rest = self.add_argument("options", nargs=argparse.REMAINDER, metavar="OPTION", help=help_text)
        rest.required = False  # argparse would say that it is missing
