"""What a target said on a connection, in a few words: its errors with code and message, and how it ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from conformance.formatting import cut, preview
from conformance.protocol import ERROR, Json
from conformance.record.transcript import Entry, Kind

_ENDS = ("DISCONNECT", "CONNECT_ERROR")
_LONGEST = 120
"""Characters of the reason why a transport was closed."""


def said(entries: Iterable[Entry]) -> str:
    """``help_center:error {UNAUTHORIZED, "No."}, DISCONNECT``; empty where there was neither an error nor an end."""
    return ", ".join(dict.fromkeys(_words(entries)))


def problem(payload: Json) -> str:
    """An error's code and message; anything else as it is."""
    if isinstance(payload, dict) and isinstance(payload.get("code"), str):
        return f"{{{', '.join([payload['code'], *_message(payload)])}}}"
    return preview(payload)


def _message(payload: dict[str, Json]) -> Iterator[str]:
    if "message" in payload:
        yield preview(payload["message"])


def _words(entries: Iterable[Entry]) -> Iterator[str]:
    for entry in entries:
        if entry.kind is Kind.RECEIVED and entry.get("event") == ERROR:
            args = entry.get("args")
            yield f"{ERROR} {problem(args[0] if isinstance(args, list) and args else None)}"
        elif entry.kind is Kind.RECEIVED and entry.get("packet") in _ENDS:
            data = entry.get("data")
            yield f"{entry.get('packet')}{f' {preview(data)}' if data is not None else ''}"
        elif entry.kind is Kind.CLOSED and entry.get("by") != "harness":
            yield closed(entry)


def closed(end: Entry) -> str:
    """How a transport ended."""
    how = [f"{name} {end.get(name)}" for name in ("code", "status") if end.get(name) is not None]
    why = cut(" ".join(str(end.get("reason") or "").split()), _LONGEST)
    return f"the transport was closed by the {end.get('by')} ({', '.join([*how, *([why] if why else [])])})"
