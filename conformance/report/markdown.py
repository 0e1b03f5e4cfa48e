"""Text that a target may have sent, in Markdown as GitHub renders it: shown, and never obeyed."""

from __future__ import annotations

import re

from conformance.formatting import printable


def code(text: str) -> str:
    """One line as a code span: links, names and tags in it are not live."""
    line = " ".join(printable(text).split()) or "nothing"
    ticks = "`" * (_longest_run(line) + 1)
    return f"{ticks} {line} {ticks}"


def cell(text: str) -> str:
    """The same in a table."""
    return code(text).replace("|", "\\|")


def block(text: str) -> str:
    """Several lines as a fenced block."""
    shown = printable(text)
    fence = "`" * max(3, _longest_run(shown) + 1)
    return f"{fence}text\n{shown}\n{fence}"


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)
