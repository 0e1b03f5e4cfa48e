"""The schemas of `schemas/`, one for each payload of section 4, and the two questions put to them.

`fits` answers fast enough for histories of thousands of messages (jsonschema-rs); `mismatches` says
everything that is wrong (jsonschema). They agree: a payload fits exactly when it has no mismatches.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, cast

import jsonschema_rs
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource

from conformance.blocks import Block, Blocks
from conformance.paths import SCHEMAS
from conformance.schema import timestamps
from conformance.schema.mismatch import Mismatch, described

__all__ = ["Mismatch", "digest", "fits", "mismatches", "names"]

"""Where the schema files lie: beside the package, in the same checkout."""

_INSTANT = "instant"
_DEEP_ENOUGH = 12
"""Levels to keep of a payload too deep to be read whole; the schemas themselves look at five."""
_ANY_HUGE_INTEGER = 10**100


@cache
def names() -> tuple[str, ...]:
    """The schemas there are: the names of their files without the suffix, sorted."""
    return tuple(sorted(path.stem for path in SCHEMAS.glob("*.json")))


def fits(name: str, value: object) -> bool:
    """Whether a decoded payload fits the schema of this name; KeyError if there is no such schema."""
    return _surely_fits(name, value) or not mismatches(name, value)


def mismatches(name: str, value: object) -> list[Mismatch]:
    """Everything in which a decoded payload differs from its schema; KeyError if there is no such schema."""
    blocks = _blocks(name, value)
    if blocks is not None:
        return [*mismatches(name, {**cast(dict[str, object], value), "messages": []}), *_in_blocks(blocks)]
    validator = _thorough(name)
    try:
        return described(validator.iter_errors(value))
    except (RecursionError, ValueError):  # jsonschema prints what it complains of, however deep or long
        return described(validator.iter_errors(_tamed(value, depth=_DEEP_ENOUGH)))


def digest(folder: Path = SCHEMAS) -> str:
    """One SHA-256 over all schema files in the order of their names: which schemas judged a run."""
    whole = hashlib.sha256()
    for path in sorted(folder.glob("*.json")):
        contents = path.read_bytes()
        whole.update(f"{path.name} {len(contents)}\n".encode() + contents)
    return whole.hexdigest()


def _surely_fits(name: str, value: object) -> bool:
    """What the fast validator says; its no may be mistaken, for Rust cannot hold every string and number."""
    validator = _fast(name)
    blocks = _blocks(name, value)
    try:
        if blocks is not None:
            rest = {**cast(dict[str, object], value), "messages": []}
            return all(block.fact(_all_messages) for block in blocks) and validator.is_valid(rest)
        return validator.is_valid(value)
    except (ValueError, TypeError):
        return False


def _blocks(name: str, value: object) -> Sequence[Block] | None:
    """The blocks of a conversation's messages, each of which is looked at once; None for all other payloads."""
    messages = value.get("messages") if name == "connected" and isinstance(value, dict) else None
    return messages.blocks if isinstance(messages, Blocks) else None


def _all_messages(values: Sequence[object]) -> bool:
    """Whether all of them are messages."""
    return all(_fast("message").is_valid(value) for value in values)


def _in_blocks(blocks: Sequence[Block]) -> list[Mismatch]:
    """The mismatches of messages, as those of the list that they are in."""
    found, offset = [], 0
    for block in blocks:
        for place, mismatch in block.fact(_misfits):
            inside = f".{mismatch.path}" if mismatch.path and not mismatch.path.startswith("[") else mismatch.path
            found.append(replace(mismatch, path=f"messages[{offset + place}]{inside}"))
        offset += len(block.messages)
    return found


def _misfits(values: Sequence[object]) -> list[tuple[int, Mismatch]]:
    """Where among messages there are which mismatches."""
    misfits = (place for place, value in enumerate(values) if not _surely_fits("message", value))
    return [(place, mismatch) for place in misfits for mismatch in mismatches("message", values[place])]


@cache
def _contents() -> dict[str, dict[str, Any]]:
    """Every schema by name; instants with a format of ours besides, for which a validator asks `instants`.

    The format is not part of the file: strict validators refuse formats they do not know.
    """
    schemas = {name: json.loads((SCHEMAS / f"{name}.json").read_text("utf-8")) for name in names()}
    schemas[_INSTANT]["format"] = _INSTANT
    return schemas


@cache
def _fast(name: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(
        _contents()[name],
        formats={_INSTANT: _is_instant},
        validate_formats=True,
        retriever=lambda uri: _contents()[Path(uri).stem],
    )


@cache
def _thorough(name: str) -> Draft202012Validator:
    checker = FormatChecker(formats=())
    checker.checks(_INSTANT)(_is_instant)
    resources = [Resource.from_contents(schema) for schema in _contents().values()]
    registry: Registry[Any] = resources @ Registry()
    return Draft202012Validator(_contents()[name], registry=registry, format_checker=checker)


def _is_instant(value: object) -> bool:
    """Formats speak of strings only; what else a value may be is for `type` to say."""
    return not isinstance(value, str) or timestamps.parse(value) is not None


def _tamed(value: Any, *, depth: int) -> Any:
    """The same value as far as the schemas look, cut short where printing it would fail."""
    if isinstance(value, dict):
        return {key: _tamed(item, depth=depth - 1) for key, item in value.items()} if depth else {}
    if isinstance(value, list):
        return [_tamed(item, depth=depth - 1) for item in value] if depth else []
    if isinstance(value, int) and abs(value) > _ANY_HUGE_INTEGER:
        return _ANY_HUGE_INTEGER if value > 0 else -_ANY_HUGE_INTEGER
    return value
