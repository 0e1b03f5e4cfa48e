"""The command that judges one requirement again: every option that matters, quoted for a shell, and never a secret."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from conformance.requirements import Level
from conformance.run.options import Options, default

_TELLING = re.compile(r"secret|token|passw|key|credential", re.IGNORECASE)
"""Names of claims whose values are nobody's business."""
_TUNED = {"deadline": "--deadline", "settle": "--settle", "concurrency": "--concurrency", "examples": "--examples"}


def again(options: Options, requirement: str, *, new_users: bool = False) -> str:
    """One line for a shell. Secrets stand there as variables: those that the harness reads by itself, and others named
    after what they stand for. ``new_users``: the failure needs users whom the target has never seen, so those of this
    run, where they were named, will not do."""
    fresh = new_users and (options.users is not None or bool(options.tokens))
    words = ["pytest", *_options(options, fresh=fresh), f"--hypothesis-seed={options.seed}", f"-k {requirement}"]
    note = "   # with users whom the target has never seen: it knows those of this run by now" if fresh else ""
    return " ".join(words) + note


def _options(options: Options, *, fresh: bool) -> Iterator[str]:
    if options.rejudge is not None:
        yield f"--rejudge={shlex.quote(str(options.rejudge))}"
    elif options.target is not None:
        yield f"--target={shlex.quote(options.target)}"
        yield from _tokens(options, fresh=fresh)
        yield from (f"--header={_variable(name, before=f'{name}: ')}" for name in options.headers)
        yield from (f"--ca-bundle={shlex.quote(str(bundle))}" for bundle in [options.ca_bundle] if bundle is not None)
        yield from ["--insecure"] if options.insecure else []
    if options.rejudge is None:
        tuned = ((flag, getattr(options, name)) for name, flag in _TUNED.items())
        yield from (f"{flag}={value:g}" for flag, value in tuned if value != default(flag))
    if options.level is not Level.MUST:
        yield f"--level={options.level}"


def _tokens(options: Options, *, fresh: bool) -> Iterator[str]:
    numbers = [f"_{number}" for number in range(1, len(options.tokens) + 1)] if options.tokens[1:] else [""]
    token = "NEW_TOKEN" if fresh else "HELP_CENTER_TOKEN"
    yield from (f'--token="${token}{number}"' for number in numbers[: len(options.tokens)])
    if options.jwt_secret is not None:
        yield '--jwt-secret="$HELP_CENTER_JWT_SECRET"'
    if options.jwt_key is not None:
        yield f"--jwt-key={shlex.quote(str(options.jwt_key))}"
    if options.token_command is not None:
        yield '--token-command="$HELP_CENTER_TOKEN_COMMAND"'
    if options.jwt_algorithm != ("RS256" if options.jwt_key else "HS256"):
        yield f"--jwt-algorithm={shlex.quote(options.jwt_algorithm)}"
    if options.jwt_claims:
        yield f"--jwt-claims={shlex.quote(json.dumps(_discreet(options.jwt_claims), ensure_ascii=False))}"
    if options.users is not None:
        yield '--users="$NEW_USERS"' if fresh else f"--users={shlex.quote(','.join(options.users))}"


def _discreet(claims: Mapping[str, Any]) -> dict[str, Any]:
    return {name: "…" if _TELLING.search(name) else _inside(value) for name, value in claims.items()}


def _inside(value: Any) -> Any:
    if isinstance(value, dict):
        return _discreet(value)
    return [_inside(one) for one in value] if isinstance(value, list) else value


def _variable(name: str, *, before: str = "") -> str:
    """A variable named after a header, in double quotes."""
    plain = re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_")
    escaped = re.sub(r'([\\$`"])', r"\\\1", before)
    return f'"{escaped}${plain or "HEADER"}"'
