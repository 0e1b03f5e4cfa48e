"""Total accessors over what the target sent: a missing or mistyped field is a readable Deviation, never a KeyError.

Such a deviation is a *malformed* one: the law that holds every payload against its schema judges it, so a judgement
that merely stumbles over it reports itself unverified instead of blaming the same bug twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, overload

from conformance.blocks import Block, blocks_of
from conformance.errors import Deviation
from conformance.formatting import preview
from conformance.protocol import SUPPORT, Json


class MalformedPayload(Deviation):
    """A payload lacks what the judgement needs to read. ``shape``: of which kind it is (``checks.blame``)."""

    def __init__(self, expected: str, actual: str, *, at: Sequence[int], shape: str) -> None:
        super().__init__(expected, actual, at=at)
        self.shape = shape


def said_by_support(body: Json) -> set[str]:
    """The ids of support's messages in a conversation as it is shown, whatever else is wrong with it."""
    listed = body.get("messages") if isinstance(body, dict) else None
    messages = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return {one["id"] for one in messages if one.get("sender") == SUPPORT and isinstance(one.get("id"), str)}


@dataclass(frozen=True, slots=True)
class Payload:
    """An object that the target sent. ``where`` names it ("ack.message"), ``shape`` is which kind of payload it is."""

    raw: Json
    where: str
    at: int
    shape: str

    def _field(self, name: str, kind: type, expected: str) -> Any:
        if not isinstance(self.raw, dict):
            raise self._malformed(f"{self.where} to be an object", preview(self.raw))
        if not isinstance(self.raw.get(name), kind):
            actual = preview(self.raw[name]) if name in self.raw else f"missing in {preview(self.raw)}"
            raise self._malformed(f"{self.where}.{name} to be {expected}", actual)
        return self.raw[name]

    def _malformed(self, expected: str, actual: str) -> MalformedPayload:
        return MalformedPayload(expected, actual, at=[self.at], shape=self.shape)

    def _text(self, name: str) -> str:
        text: str = self._field(name, str, "a string")
        return text


class Message(Payload):
    """Section 4.2."""

    __slots__ = ()

    @property
    def id(self) -> str:
        return self._text("id")

    @property
    def conversation_id(self) -> str:
        return self._text("conversationId")

    @property
    def sender(self) -> str:
        return self._text("sender")

    @property
    def text(self) -> str:
        return self._text("text")

    @property
    def created_at(self) -> str:
        return self._text("createdAt")


class Conversation(Payload):
    """Section 4.1."""

    __slots__ = ()

    @property
    def id(self) -> str:
        return self._text("id")

    @property
    def user_id(self) -> str:
        return self._text("userId")

    @property
    def status(self) -> str:
        return self._text("status")

    @property
    def created_at(self) -> str:
        return self._text("createdAt")


class Problem(Payload):
    """An error, section 4.4."""

    __slots__ = ()

    @property
    def code(self) -> str:
        return self._text("code")


class Messages(Sequence[Message]):
    """The messages of a history, each made when it is looked at: there may be thousands, in hundreds of histories."""

    def __init__(self, history: History, raw: Sequence[Json]) -> None:
        self._history = history
        self._raw = raw

    def __len__(self) -> int:
        return len(self._raw)

    def __iter__(self) -> Iterator[Message]:
        return (self._made(place) for place in range(len(self._raw)))

    @overload
    def __getitem__(self, place: int) -> Message: ...
    @overload
    def __getitem__(self, place: slice) -> list[Message]: ...
    def __getitem__(self, place: int | slice) -> Message | list[Message]:
        places = range(len(self._raw))[place]
        return self._made(places) if isinstance(places, int) else [self._made(one) for one in places]

    def place_of(self, message: Message) -> int:
        """Where a message of this history stands in it."""
        return int(message.where.rpartition("[")[2].removesuffix("]"))

    def _made(self, place: int) -> Message:
        owner = self._history
        return Message(self._raw[place], f"{owner.where}.messages[{place}]", owner.at, owner.shape)


class History(Payload):
    """A conversation with its messages: ``help_center:connected`` (section 4.1) or the REST body (section 7)."""

    __slots__ = ("__dict__",)  # for what is cached: a history may have thousands of messages

    @property
    def conversation(self) -> Conversation:
        return Conversation(
            self._field("conversation", dict, "an object"), f"{self.where}.conversation", self.at, self.shape
        )

    @cached_property
    def messages(self) -> Messages:
        return Messages(self, self._field("messages", list, "an array"))

    @cached_property
    def blocks(self) -> Sequence[Block]:
        """The messages as they came, in blocks."""
        return blocks_of(self._field("messages", list, "an array"))

    def all(self, name: str) -> list[str]:
        """A string of every message, one of ``_FIELDS``. Raises MalformedPayload for the first that has none."""
        found: list[str] = []
        for block in self.blocks:
            values = block.fact(_FIELDS[name])
            if values is None:
                return [message._text(name) for message in self.messages]
            found += values
        return found

    @property
    def ids(self) -> list[str]:
        return self.all("id")

    def readable_ids(self) -> Iterator[str]:
        """The ids of those messages that have one."""
        return (name for block in self.blocks for name in ids_in(block))

    def conversation_ids(self) -> set[str]:
        """Of which conversations the messages are. Raises MalformedPayload where one does not say it."""
        if any(block.fact(_FIELDS["conversationId"]) is None for block in self.blocks):
            return set(self.all("conversationId"))
        return {name for block in self.blocks for name in block.fact(_conversations)}

    def where_is(self, name: str, value: str) -> list[Message]:
        """The messages whose field has this value; those that have no such field are none of them."""
        found, offset = [], 0
        for block in self.blocks:
            places = block.fact(_PLACES[name])
            if value in places.first:
                more = places.more.get(value, ())
                found += [self.messages[offset + place] for place in (places.first[value], *more)]
            offset += len(block.messages)
        return found

    def message(self, message_id: str) -> Message | None:
        _ = self.ids
        return next(iter(self.where_is("id", message_id)), None)


def ids_in(block: Block) -> Iterable[str]:
    """The ids of those messages of a block that have one."""
    return block.fact(_PLACES["id"]).first


def _values(name: str) -> Callable[[Sequence[Json]], list[str] | None]:
    """What a field is in messages; None where it is not a string in each."""

    def values(messages: Sequence[Json]) -> list[str] | None:
        found = [message.get(name) for message in messages if isinstance(message, dict)]
        strings = [value for value in found if isinstance(value, str)]
        return strings if len(strings) == len(messages) else None

    return values


class _Places(NamedTuple):
    """Where in messages a field has which value: the first place, and further ones."""

    first: Mapping[str, int]
    more: Mapping[str, Sequence[int]]


def _places(name: str) -> Callable[[Sequence[Json]], _Places]:
    def places(messages: Sequence[Json]) -> _Places:
        first: dict[str, int] = {}
        more: dict[str, list[int]] = {}
        for place, message in enumerate(messages):
            value = message.get(name) if isinstance(message, dict) else None
            if isinstance(value, str) and first.setdefault(value, place) != place:
                more.setdefault(value, []).append(place)
        return _Places(first, more)

    return places


def _conversations(messages: Sequence[Json]) -> frozenset[str]:
    return frozenset(message["conversationId"] for message in messages)


_FIELDS = {name: _values(name) for name in ("id", "text", "sender", "conversationId")}
_PLACES = {name: _places(name) for name in ("id", "text")}
