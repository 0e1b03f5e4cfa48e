"""HTML from the templates beside this module; values are escaped there, and printable whatever the target sent."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from conformance.formatting import cut, printable

_FOLDER = Path(__file__).parent
_LONGEST = 300
"""Characters of a reason; the row that it links to has all of it."""


def render(template: str, /, **values: Any) -> Markup:
    return Markup(_environment().get_template(template).render(values))  # noqa: S704  the template has escaped it


def part(template: str, macro: str, /, *values: Any) -> Markup:
    """What one macro of a template makes of these values."""
    return Markup(getattr(_environment().get_template(template).module, macro)(*values))  # noqa: S704  as above


def asset(name: str) -> str:
    """A style sheet or script."""
    return (_FOLDER / "assets" / name).read_text(encoding="utf-8")


@cache
def _environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        auto_reload=False,  # which looks for changes of the file whenever a template is used
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_printable,
    )
    made.filters |= {"brief": lambda text: cut(text, _LONGEST), "words": _words}
    return made


def _printable(value: Any) -> Any:
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()
