"""A transcript as lines that a person can follow."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from conformance.payloads import cut, shown
from conformance.transcript import Entry, Json, Kind, Transcript

_AROUND = 14
"""How many lines of the record stand around what a failure points at."""
_BRIEF = 60


def lines(transcript: Transcript, at: Sequence[int] = ()) -> list[str]:
    """The record around the entries ``at`` (the whole of it when short), the offending ones marked with ``*``."""
    told = [entry for entry in transcript if entry.kind is not Kind.ENGINE]
    shown_entries = _around(told, at)
    sends = _send_numbers(transcript)
    out: list[str] = []
    last = None
    for entry in shown_entries:
        if last is not None and told.index(entry) != last + 1:
            out.append("    …")
        last = told.index(entry)
        mark = "*" if entry.serial in at else " "
        where = f"{entry.device}#{entry.connection}" if entry.connection else entry.device
        out.append(f"  {mark} {entry.at:6.3f} {where:<10} {_line(entry, sends)}".rstrip())
    return out


def _around(told: Sequence[Entry], at: Sequence[int]) -> list[Entry]:
    if len(told) <= _AROUND + 6:
        return list(told)
    serials = [entry.serial for entry in told]
    centres = [index for index, serial in enumerate(serials) if serial in at] or [len(told) - 1]
    reach = max(2, _AROUND // (2 * min(len(centres), 4)))
    wanted = {index for c in centres[:4] for index in range(c - reach, c + reach)}
    return [entry for index, entry in enumerate(told) if index in wanted]


def _send_numbers(transcript: Transcript) -> dict[tuple[int, Json], int]:
    """Which send an ack id belongs to, for each connection."""
    sent = transcript.of(Kind.SENT)
    return {(e.connection, e.get("id")): e.get("send") for e in sent if e.get("send") and e.get("id") is not None}


def _line(entry: Entry, sends: dict[tuple[int, Json], int]) -> str:
    tellers: dict[Kind, Callable[[Entry], str]] = {
        Kind.OPEN: _open,
        Kind.HANDSHAKE: lambda e: f"< handshake over {e.get('via')}",
        Kind.GARBLED: lambda e: f"< garbled: {e.get('why')}: {shown(e.get('text'), _BRIEF)}",
        Kind.CLOSED: _closed,
        Kind.HTTP: _http,
        Kind.EXPIRED: lambda e: f"! waited {e.get('seconds')} s in vain for {e.get('waiting')}",
        Kind.MARK: lambda e: f"- {e.get('label')}",
    }
    teller = tellers.get(entry.kind)
    return teller(entry) if teller else _packet(entry, sends)


def _open(entry: Entry) -> str:
    good = "good" if entry.get("good") else "bad"
    token = f"{good} token ({entry.get('token')}) by {entry.get('option')}"
    return f"> opens {entry.get('transport')} for {entry.get('user')}, {token}"


def _closed(entry: Entry) -> str:
    why = [f"{name} {entry.get(name)}" for name in ("code", "status") if entry.get(name)]
    return " ".join(["x closed by", str(entry.get("by")), *why, str(entry.get("reason") or "")]).rstrip()


def _http(entry: Entry) -> str:
    messages = entry.get("body", {}).get("messages") if isinstance(entry.get("body"), dict) else None
    body = f"{len(messages)} messages" if isinstance(messages, list) else shown(entry.get("body"), _BRIEF)
    bad = "" if entry.get("good") else f" with {entry.get('token')} token"
    return f"= {entry.get('method')} {entry.get('path')}{bad}: {entry.get('status')} {body}"


def _packet(entry: Entry, sends: dict[tuple[int, Json], int]) -> str:
    arrow = ">" if entry.kind is Kind.SENT else "<"
    name, args = entry.get("packet"), entry.get("args")
    if name == "EVENT":
        number = f" #{entry.get('send')}" if entry.get("send") else ""
        again = f" (try {entry.get('attempt')})" if (entry.get("attempt") or 1) > 1 else ""
        return f"{arrow} {entry.get('event')}{number}{again}  {_arguments(args)}"
    if name == "ACK":
        own = sends.get((entry.connection, entry.get("id")))
        whose = f"#{own}" if own else f"id {entry.get('id')} (nobody asked)"
        return f"{arrow} ack {whose}  {_arguments(args)}"
    if name == "RAW":
        return f"{arrow} raw {shown(entry.get('text'), _BRIEF)}"
    data = entry.get("data")
    return f"{arrow} {name}{f' {shown(data, _BRIEF)}' if data is not None else ''}"


def _arguments(args: Json) -> str:
    if not isinstance(args, list):
        return f"not a list of arguments: {shown(args, _BRIEF)}"
    return ", ".join(_argument(arg) for arg in args) if args else "(no argument)"


def _argument(value: Json) -> str:
    if isinstance(value, dict):
        if isinstance(value.get("messages"), list):
            return f"{len(value['messages'])} messages"
        if set(value) == {"text"} and isinstance(value["text"], str):
            return _text(value["text"])
        if isinstance(value.get("message"), dict):
            return f"{{message: {_argument(value['message'])}}}"
        if {"id", "sender", "text"} <= set(value):
            return f"{cut(value['id'])} {value['sender']} {_text(value['text'])}"
    return shown(value, 2 * _BRIEF)


def _text(text: Json) -> str:
    return shown(text, _BRIEF)
