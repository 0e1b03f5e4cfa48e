"""A transcript as lines that a person can follow: when, who, in which direction, what. Text and diagram share them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from conformance.formatting import cut, preview, printable
from conformance.protocol import NAMESPACE, Json
from conformance.record.transcript import Entry, Kind, Transcript
from conformance.record.waits import described

_WHOLE = 20
"""A record of no more lines than this is shown whole."""
_AROUND = 14
"""How many lines of a longer one stand around what a failure points at, in all."""
_PLACES = 4
"""To how many places a failure points at most."""
_BRIEF = 60
_COLUMN = 32
"""How far right the column of details may stand; what is longer pushes its own details only."""
_GAP = "    …"

SENT, RECEIVED = ">", "<"
Sends = Mapping[tuple[int, Json], Json]
"""The number of the send that asked for an ack, by connection and ack id."""


@dataclass(frozen=True, slots=True)
class Label:
    """An entry in words. ``what`` stands in a column of its own when there are ``details``."""

    sign: str
    what: str
    details: str = ""


def participants(transcript: Transcript) -> str:
    """Who is in it: ``phone (user 1), tablet (user 2), rest``."""
    users = dict.fromkeys((entry.device, str(entry.get("user"))) for entry in transcript.of(Kind.OPEN))
    rest = ["rest"] if transcript.of(Kind.HTTP) else []
    return ", ".join([*(f"{device} ({user})" for device, user in users), *rest])


@dataclass(frozen=True, slots=True)
class TraceLine:
    """An entry at its place in the record: ``at`` in seconds since the scenario began, ``lane`` the connection's name
    (empty: of none), ``marked`` when a failure points at it, ``skipped`` how many entries are left out before it."""

    at: float
    lane: str
    label: Label
    marked: bool
    skipped: int


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The part of a record that is shown. ``lanes``: all names of the record, in the order they came; ``later``: how
    many entries are left out after the last line."""

    lines: Sequence[TraceLine]
    lanes: Sequence[str]
    later: int


def excerpt(transcript: Transcript, at: Collection[int] = ()) -> Excerpt:
    """The record around the entries ``at``, or the whole of it when it is short."""
    entries = [entry for entry in transcript if entry.kind is not Kind.ENGINE or entry.get("status")]
    around = _around(entries, at)
    names, sends = _names(transcript), _sends(transcript)
    shown_lines: list[TraceLine] = []
    for before, index in zip([-1, *around], around, strict=False):
        entry = entries[index]
        name = names.get(_lane_of(entry), "")
        shown_lines.append(TraceLine(entry.at, name, _label_of(entry, sends), entry.serial in at, index - before - 1))
    return Excerpt(shown_lines, list(names.values()), len(entries) - 1 - around[-1] if around else 0)


def lines(transcript: Transcript, at: Collection[int] = ()) -> list[str]:
    """The excerpt as text, the entries ``at`` marked with ``*``; the devices' names where there are several."""
    part = excerpt(transcript, at)
    name_width = max(map(len, part.lanes)) if len(part.lanes) > 1 else 0
    time_width = max((len(f"{line.at:.3f}") for line in part.lines), default=0)
    labels = [line.label for line in part.lines]
    what_width = max((len(one.what) for one in labels if one.details and len(one.what) <= _COLUMN), default=0)
    out: list[str] = []
    for place, line in enumerate(part.lines):
        if place and line.skipped:
            out.append(_GAP)
        mark = "*" if line.marked else " "
        who = f" {line.lane:<{name_width}}" if name_width else ""
        one = line.label
        what = f"{one.what:<{what_width}}  {one.details}" if one.details else one.what
        out.append(printable(f"  {mark} {line.at:>{time_width}.3f}{who} {one.sign} {what}").rstrip())
    return out


def _around(entries: Sequence[Entry], at: Collection[int]) -> list[int]:
    """The indexes of the entries to show."""
    if len(entries) <= _WHOLE:
        return list(range(len(entries)))
    centres = [index for index, entry in enumerate(entries) if entry.serial in at] or [len(entries) - 1]
    centres = centres[:_PLACES]
    reach = max(2, _AROUND // (2 * len(centres)))
    return sorted({index for c in centres for index in range(c - reach, c + reach) if 0 <= index < len(entries)})


def _lane_of(entry: Entry) -> tuple[str, int]:
    return entry.device, entry.connection


def _names(transcript: Transcript) -> dict[tuple[str, int], str]:
    """What each connection is called: by its device; the second one of a device is ``phone#2``."""
    times: dict[str, int] = {}
    names: dict[tuple[str, int], str] = {}
    for entry in transcript:
        if entry.device and _lane_of(entry) not in names:
            times[entry.device] = times.get(entry.device, 0) + 1
            nth = f"#{times[entry.device]}" if times[entry.device] > 1 else ""
            names[_lane_of(entry)] = f"{entry.device}{nth}"
    return names


def _sends(transcript: Transcript) -> Sends:
    sent = transcript.of(Kind.SENT)
    return {(e.connection, e.get("id")): e.get("send") for e in sent if e.get("send") and e.get("id") is not None}


def _label_of(entry: Entry, sends: Sends) -> Label:
    label = _LABELS.get(entry.kind)
    return label(entry) if label else _packet(entry, sends)


# -- what happened -------------------------------------------------------------------------------------------------


def _open(entry: Entry) -> Label:
    """The token's label says what is bad about a bad one: expired, garbage, …"""
    token = "good token" if entry.get("good") else f"bad token: {entry.get('token')}"
    opens = "enters again over" if entry.get("again") else "opens"
    return Label(SENT, f"{opens} {entry.get('transport')}", f"{token}, by {entry.get('option')}")


def _handshake(entry: Entry) -> Label:
    return Label(RECEIVED, "handshake", f"over {entry.get('via')}")


def _garbled(entry: Entry) -> Label:
    return Label(RECEIVED, "garbled", f"{entry.get('why')}: {preview(entry.get('text'), _BRIEF)}")


def _closed(entry: Entry) -> Label:
    why = [f"{name} {entry.get(name)}" for name in ("code", "status") if entry.get(name) is not None]
    reason = str(entry.get("reason") or "")
    return Label("x", f"closed by the {entry.get('by')}", ", ".join([*why, *_brief(reason)]))


def _engine(entry: Entry) -> Label:
    """The answer to a POST is all that is shown."""
    return Label(RECEIVED, f"HTTP {entry.get('status')}", f"{entry.get('packet')} over {entry.get('via')}")


def _http(entry: Entry) -> Label:
    token = "" if entry.get("good") else f" with a bad token ({entry.get('token')})"
    answer = f"{entry.get('status')} {_argument(entry.get('body'))}" if entry.get("status") else "no answer"
    reason = _brief(str(entry.get("reason") or ""))
    return Label("=", f"{entry.get('method')} {entry.get('path')}{token}", ", ".join([answer, *reason]))


def _brief(text: str) -> Iterator[str]:
    """A text of the target or the network on one line, if there is any."""
    if text.strip():
        yield cut(" ".join(text.split()), 2 * _BRIEF)


def _expired(entry: Entry) -> Label:
    return Label("!", f"waited {entry.get('seconds')} s in vain for {described(entry.get('waiting'))}")


def _mark(entry: Entry) -> Label:
    return Label("-", str(entry.get("label")))


def _client(entry: Entry) -> Label:
    """What the handlers of a client library were called with for what came just before."""
    saw = entry.get("saw")
    what = {"event": entry.get("event"), "ack": f"the ack of #{entry.get('send')}"}.get(str(saw), saw)
    if saw in ("event", "ack"):
        return Label("-", f"client saw {what}", _arguments(entry.get("args")))
    return Label("-", f"client saw {what}", ", ".join(_brief(str(entry.get("reason") or ""))))


_LABELS: dict[Kind, Callable[[Entry], Label]] = {
    Kind.OPEN: _open,
    Kind.HANDSHAKE: _handshake,
    Kind.GARBLED: _garbled,
    Kind.CLOSED: _closed,
    Kind.ENGINE: _engine,
    Kind.HTTP: _http,
    Kind.EXPIRED: _expired,
    Kind.CLIENT: _client,
    Kind.MARK: _mark,
}


# -- packets -------------------------------------------------------------------------------------------------------


def _packet(entry: Entry, sends: Sends) -> Label:
    sign = SENT if entry.kind is Kind.SENT else RECEIVED
    name = entry.get("packet")
    if name == "EVENT" and entry.get("data") is not None:
        return Label(sign, "EVENT", f"no array with an event's name: {preview(entry.get('data'), _BRIEF)}")
    if name == "EVENT":
        return Label(sign, f"{_event(entry)}{_elsewhere(entry)}", _arguments(entry.get("args")))
    if name == "ACK":
        own = sends.get((entry.connection, entry.get("id")))
        whose = f"#{own}" if own else f"of id {entry.get('id')}, which was not asked for"
        return Label(sign, f"ack {whose}{_elsewhere(entry)}", _arguments(entry.get("args")))
    if name == "RAW":
        return Label(sign, "raw", preview(entry.get("text"), _BRIEF))
    data = entry.get("data")
    return Label(sign, f"{name} {entry.get('namespace')}{f' {preview(data, _BRIEF)}' if data is not None else ''}")


def _event(entry: Entry) -> str:
    name = entry.get("event")
    number = f" #{entry.get('send')}" if entry.get("send") else ""
    again = f" (try {entry.get('attempt')})" if (entry.get("attempt") or 1) > 1 else ""
    return f"{cut(name, _BRIEF) if isinstance(name, str) else preview(name, _BRIEF)}{number}{again}"


def _elsewhere(entry: Entry) -> str:
    return "" if entry.get("namespace") == NAMESPACE else f" in the namespace {entry.get('namespace')}"


def _arguments(args: Json) -> str:
    if not isinstance(args, list):
        return f"no list of arguments: {preview(args, _BRIEF)}"
    return ", ".join(_argument(arg) for arg in args[:3]) + ", …" * (len(args) > 3) if args else "(no argument)"


def _argument(value: Json) -> str:
    if not isinstance(value, dict):
        return preview(value, _BRIEF)
    if isinstance(value.get("messages"), list):
        return _counted(len(value["messages"]), "message")
    if set(value) == {"text"}:
        return _text(value["text"])
    if isinstance(value.get("message"), dict):
        return f"{{message: {_argument(value['message'])}}}"
    if {"id", "sender", "text"} <= set(value):
        return f"{cut(value['id'])} {cut(value['sender'])} {_text(value['text'])}"
    return preview(value, _BRIEF)


def _text(text: Json) -> str:
    long = isinstance(text, str) and len(text) > _BRIEF
    return f"text of {_counted(len(text), 'character')}" if long else preview(text, _BRIEF)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
