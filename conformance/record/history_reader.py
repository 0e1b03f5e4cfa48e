"""Reads JSON in which long histories stand, each message once.

What was shown to a user is remembered as text. Where the next text has a long part of it again, that part is not read
again: only what is new is decoded, freed of secrets and kept.
"""

from __future__ import annotations

import json
import re
import uuid
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from sys import getsizeof
from typing import cast

from conformance import strict_json
from conformance.blocks import Run, Table, joined
from conformance.protocol import Json
from conformance.record.capacity import IN_HISTORIES, weight
from conformance.redaction import Redactor

SMALL = 16_384
"""Characters. What is smaller is read as it is."""
_LIST = re.compile(rb'"messages"\s*:\s*\[\s*')
_STRING = rb'"(?:[^"\\]++|\\.)*+"'
_FLAT = rb'(?:[^"{}\[\]]++|' + _STRING + rb")*+"
_OBJECT = re.compile(rb"\{(?:[^\"{}\[\]]++|" + _STRING + rb"|[{\[]" + _FLAT + rb"[}\]])*+\}", re.DOTALL)
"""An object with nothing in it that is nested more than once: messages, as far as anybody makes them."""
_COMMA = re.compile(rb"\s*,\s*")
_END = re.compile(rb"\s*\]")
_OFTEN_THE_SAME = ("conversationId", "sender")
_LEAST = 32
"""Messages of a list that is worth it."""
_HEAD = 120
"""Bytes by which the beginning of a message is found again."""
_MOST_NEW = 200
"""Messages before the part that is known, or in place of it, that are read again each time."""


@dataclass
class _Shown:
    """The list that a user was shown: its text, from the first message on, where each message stands in it (begin and
    end, in bytes), and where in the table. ``others``: by id, where messages stand that are not in this list."""

    text: bytearray
    begins: array[int]
    ends: array[int]
    runs: list[Run]
    others: dict[str, int] = field(default_factory=dict)

    def part(self, first: int, count: int) -> list[Run]:
        """The runs of some of the messages."""
        found = []
        for begin, end in self.runs:
            low, high = max(begin, begin + first), min(end, begin + first + count)
            if low < high:
                found.append((low, high))
                count -= high - low
            first = max(0, first - (end - begin))
        return found

    def goes_on(self, text: bytes, spans: _Spans, runs: Sequence[Run]) -> None:
        """Further messages stand at its end, with ``text`` from the end of the last one on."""
        offset = len(self.text)
        self.text += text
        self.begins.extend(offset + begin for begin in spans.begins)
        self.ends.extend(offset + end for end in spans.ends)
        self.runs = joined([*self.runs, *runs])


@dataclass(frozen=True, slots=True)
class _Spans:
    """Where messages begin and end in a text."""

    begins: list[int]
    ends: list[int]


@dataclass(frozen=True, slots=True)
class _Common:
    """A part of a text that is known: from ``begin`` to ``end`` in it, ``count`` messages from number ``first`` on."""

    begin: int
    end: int
    first: int
    count: int


@dataclass
class Histories:
    """The histories of a run. ``table`` has their messages, without secrets. ``most``: bytes of memory that they may
    take; beyond it each is kept like anything else, in every recording that has it."""

    redactor: Redactor
    table: Table = field(default_factory=Table)
    most: int = IN_HISTORIES
    _shown: dict[str, _Shown] = field(default_factory=dict)
    _weight: int = 0
    """Of the messages in the table, in bytes."""
    _values: dict[str, str] = field(default_factory=dict)
    """One of each value that stands in thousands of messages."""
    _marker: str = field(default_factory=lambda: f"known-{uuid.uuid4()}")

    def read(self, text: str | bytes, *, of: str = "") -> Json:
        """The value of a JSON text that was meant for a user (``of``). Raises ValueError or RecursionError where it is
        none. Secrets are still in it, but for the messages that are shared."""
        if len(text) < SMALL or (isinstance(text, str) and '"messages"' not in text):
            return strict_json.loads(text)
        raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
        start = _LIST.search(raw)
        if start is None:
            return strict_json.loads(text)
        shown = self._shown.get(of)
        common = _common(raw, start.end(), shown) if shown is not None else None
        value = self._read_rest(raw, shown, common) if shown is not None and common is not None else None
        return self._read_anew(text, raw, start.end(), of) if value is None else value

    # -- nothing is known, or little ---------------------------------------------------------------------------

    def _read_anew(self, text: str | bytes, raw: bytes, start: int, of: str) -> Json:
        value = strict_json.loads(text)
        owner = _owner(value)
        if owner is not None and not self.full:
            messages = owner["messages"]
            known = self._known(self._shown[of]) if of in self._shown else {}
            runs = joined([self._kept(message, known) for message in messages])
            spans = _spans(raw, start, len(messages))
            if spans is not None:
                begins = array("Q", (begin - start for begin in spans.begins))
                ends = array("Q", (end - start for end in spans.ends))
                self._shown[of] = _Shown(bytearray(raw[start : spans.ends[-1]]), begins, ends, runs)
            owner["messages"] = self.table.view(runs)
        return value

    @property
    def full(self) -> bool:
        """Whether no further messages are shared."""
        return self._weight + sum(len(shown.text) for shown in self._shown.values()) > self.most

    def _known(self, shown: _Shown) -> dict[str, int]:
        """Where the messages of a list stand in the table, by their ids."""
        places = [place for run in shown.runs for place in range(*run)]
        names = [self.table.messages[place].get("id") for place in places]
        listed = {name: place for name, place in zip(names, places, strict=True) if isinstance(name, str)}
        return shown.others | listed

    def _kept(self, message: Json, known: dict[str, int]) -> Run:
        """Where a message stands in the table; it is added where it does not."""
        clean, name = self.redactor.clean_message(message), message.get("id")
        for field_name in _OFTEN_THE_SAME:
            if isinstance(value := clean.get(field_name), str):
                clean[field_name] = self._values.setdefault(value, value)
        place = known.get(name) if isinstance(name, str) else None
        if place is not None and _same(self.table.messages[place], clean):
            return place, place + 1
        run = self.table.add([clean])
        own = (value for name, value in clean.items() if name not in _OFTEN_THE_SAME)
        self._weight += getsizeof(clean) + sum(map(weight, own))
        if isinstance(name, str):
            known[name] = run[0]
        return run

    # -- most is known -----------------------------------------------------------------------------------------

    def _read_rest(self, raw: bytes, shown: _Shown, common: _Common) -> Json:
        """The value, of which only what is new is decoded; None where that is too much, or cannot be distinguished."""
        marked = b'%b"%b"%b' % (raw[: common.begin], self._marker.encode(), raw[common.end :])
        try:
            value = strict_json.loads(marked)
        except (ValueError, RecursionError):
            return None  # read as a whole, it says where it is wrong
        owner = _owner(value, self._marker)
        if owner is None:
            return None
        place = owner["messages"].index(self._marker)
        before, after = owner["messages"][:place], owner["messages"][place + 1 :]
        at_the_end = common.first + common.count == len(shown.ends)
        if len(before) > _MOST_NEW or (len(after) > _MOST_NEW and (self.full or not at_the_end)):
            return None
        older = [self._kept(message, shown.others) for message in before]
        newer = [self._kept(message, shown.others) for message in after]
        runs = joined([*older, *shown.part(common.first, common.count), *newer])
        spans = _spans(raw, _next(raw, common.end), len(after)) if after and at_the_end else None
        if spans is not None:
            begins, ends = ([place - common.end for place in places] for places in (spans.begins, spans.ends))
            shown.goes_on(raw[common.end : spans.ends[-1]], _Spans(begins, ends), newer)
        owner["messages"] = self.table.view(runs)
        return value


def _owner(value: Json, marker: str | None = None) -> dict[str, Json] | None:
    """The payload in a value, where it has a list of messages: a long one, or one with the marker in it."""
    payloads = value if isinstance(value, list) else [value]
    for payload in payloads:
        messages = payload.get("messages") if isinstance(payload, dict) else None
        if isinstance(messages, list):
            others = [message for message in messages if not isinstance(message, dict)]
            if others == ([marker] if marker else []) and (marker or len(messages) >= _LEAST):
                return cast(dict[str, Json], payload)
    return None


def _common(raw: bytes, start: int, shown: _Shown) -> _Common | None:
    """The part of a text from ``start`` on that a list which was shown has too: from the first message on that it has,
    or from the first one of the list on. None where there is little."""
    head = raw[start : start + _HEAD]
    there = 0 if shown.text.startswith(head) else shown.text.find(head)
    begin = start if there >= 0 else raw.find(bytes(shown.text[:_HEAD]), start)
    there = max(there, 0)
    first = bisect_left(shown.begins, there)
    if begin < 0 or first == len(shown.begins) or shown.begins[first] != there:
        return None
    whole = there == 0 and raw.startswith(shown.text, begin)
    same = len(shown.text) if whole else _same_length(raw[begin:], bytes(shown.text[there:]))
    count = bisect_right(shown.ends, there + same) - first
    if count < _LEAST:
        return None
    return _Common(begin, begin + shown.ends[first + count - 1] - there, first, count)


def _same_length(one: bytes, other: bytes) -> int:
    """How many bytes two texts have in common from their beginning on."""
    low, high = 0, min(len(one), len(other))
    if one[:high] == other[:high]:
        return high
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _next(raw: bytes, end: int) -> int:
    """Where the message begins that follows one which ended there."""
    comma = _COMMA.match(raw, end)
    return comma.end() if comma else end


def _spans(raw: bytes, start: int, count: int) -> _Spans | None:
    """Where so many messages stand, the first of them at ``start``; None where they cannot be distinguished."""
    begins, ends = [], []
    for _ in range(count):
        found = _OBJECT.match(raw, start)
        if found is None:
            return None
        begins.append(found.start())
        ends.append(found.end())
        start = _next(raw, found.end())
    return _Spans(begins, ends) if _END.match(raw, start) else None


def _same(one: Json, other: Json) -> bool:
    """Whether two messages are the same in JSON: there, 1 is not true."""
    return bool(one == other) and json.dumps(one) == json.dumps(other)
