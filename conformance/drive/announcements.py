"""What a history shows of support while a device of the user is there: it has to be emitted, and that is waited for.

Distinguished from what is merely old by where it stands in the history, behind what the device has heard, or behind all
that an earlier history showed. Only what is surely new is waited for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from conformance.blocks import blocks_of
from conformance.protocol import SUPPORT, Json


class Ids:
    """The ids of the messages in a list, which may be long and share blocks with others."""

    def __init__(self, listed: Sequence[Json]) -> None:
        self.blocks = blocks_of(listed)

    def __contains__(self, one: object) -> bool:
        return any(one in block.fact(_ids) for block in self.blocks)


def _ids(messages: Sequence[Json]) -> frozenset[str]:
    return frozenset(one["id"] for one in messages if isinstance(one, dict) and isinstance(one.get("id"), str))


@dataclass
class Presence:
    """What one connected device received, in greetings and events."""

    greeted: Sequence[Json]
    """The messages in its greeting."""
    heard: Sequence[str]
    """The ids of those that came by events, in their order."""
    since: Sequence[Json] | None = None
    """The messages in a history that was asked for after its greeting; None before there was one."""

    def new(self, listed: Sequence[Json]) -> Iterator[str]:
        """The messages of support in a history that came while the device was there, and were not emitted to it."""
        messages = [one for one in self._recent(listed) if isinstance(one, dict) and isinstance(one.get("id"), str)]
        known = _Known(self, [one["id"] for one in messages])
        for one in messages:
            if one.get("sender") == SUPPORT and known.may_be_new(one["id"]):
                yield one["id"]

    def _recent(self, listed: Sequence[Json]) -> Iterator[Json]:
        """The messages of a list, but for the inside of what the greeting had as well."""
        shared = blocks_of(self.greeted)
        for block in blocks_of(listed):
            messages = block.messages
            known = len(messages) > 1 and any(block is other for other in shared)
            yield from (messages[0], messages[-1]) if known else messages


class _Known:
    """Where what a device knows stands in a list, read from its oldest message on."""

    def __init__(self, presence: Presence, ids: Sequence[str]) -> None:
        greeted, since = Ids(presence.greeted), Ids(presence.since or ())
        self.places = {one: place for place, one in enumerate(ids)}
        heard = [self.places[one] for one in presence.heard if one in self.places]
        if _newest_first([self.places[one] for one in ids if one in greeted], heard):
            self.places = {one: -place for one, place in self.places.items()}
        self.known = {one for one in ids if one in greeted or one in presence.heard}
        self.greeted = [self.places[one] for one in ids if one in greeted]
        self.heard = [self.places[one] for one in presence.heard if one in self.places]
        self.since = None if presence.since is None else [self.places[one] for one in ids if one in since]

    def may_be_new(self, one: str) -> bool:
        """Behind all that the greeting showed and something that was heard; or behind all that was shown since."""
        place = self.places[one]
        if one in self.known:
            return False
        if max(self.greeted, default=place - 1) < place and min(self.heard, default=place) < place:
            return True
        return self.since is not None and max(self.since, default=place - 1) < place


def _newest_first(greeted: Sequence[int], heard: Sequence[int]) -> bool:
    """Whether what was heard stands before what was shown earlier, or in the opposite order."""
    if greeted and heard:
        return max(heard) < min(greeted)
    return len(heard) > 1 and list(heard) == sorted(heard, reverse=True)
