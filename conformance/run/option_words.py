"""How the command that judges one requirement again repeats an option: quoted for a shell, and never a secret."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from conformance.run.options import Option, Options, default_algorithm

_SECRET_CLAIM = re.compile(r"secret|token|passw|key|credential", re.IGNORECASE)


def switch(option: Option, options: Options) -> Iterator[str]:
    if getattr(options, option.attribute):
        yield option.flag


def value(option: Option, options: Options) -> Iterator[str]:
    found = getattr(options, option.attribute)
    if found != option.default:
        yield f"{option.flag}={shlex.quote(f'{found:g}' if isinstance(found, float) else str(found))}"


def joined(option: Option, options: Options) -> Iterator[str]:
    """Several values, separated by commas."""
    if found := getattr(options, option.attribute):
        yield f"{option.flag}={shlex.quote(','.join(found))}"


def variable(option: Option, options: Options) -> Iterator[str]:
    """A secret stands there as the variable that the harness reads by itself; of several, each has a number."""
    yield from variables(option, options, option.variable)


def variables(option: Option, options: Options, name: str) -> Iterator[str]:
    found = getattr(options, option.attribute)
    values = found if option.repeatable else [found] if found is not None else []
    numbers = [f"_{number}" for number in range(1, len(values) + 1)] if len(values) > 1 else [""] * len(values)
    yield from (f'{option.flag}="${name}{number}"' for number in numbers)


def algorithm(option: Option, options: Options) -> Iterator[str]:
    if options.jwt_algorithm != default_algorithm(options.jwt_key):
        yield f"{option.flag}={shlex.quote(options.jwt_algorithm)}"


def claims(option: Option, options: Options) -> Iterator[str]:
    """As JSON; what may be secret is left out by its name."""
    if options.jwt_claims:
        yield f"{option.flag}={shlex.quote(json.dumps(_without_secrets(options.jwt_claims), ensure_ascii=False))}"


def _without_secrets(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: "…" if _SECRET_CLAIM.search(name) else _without_secrets(inner) for name, inner in value.items()}
    return [_without_secrets(inner) for inner in value] if isinstance(value, list) else value


def headers(option: Option, options: Options) -> Iterator[str]:
    """Each value as a variable that is named like the header."""
    for name in options.headers:
        plain = re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_") or "HEADER"
        escaped = re.sub(r'([\\$`"])', r"\\\1", f"{name}: ")
        yield f'{option.flag}="{escaped}${plain}"'
