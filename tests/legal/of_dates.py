"""Instants in every dress of ISO 8601 (sections 4.1 and 4.2)."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

from conformance.reference.help_center import HelpCenter
from conformance.reference.protocol import Json
from conformance.reference.store import Conversation, Message, Store
from tests.legal.legal import legal

Dress = Callable[[datetime], str]
HOUR = 3_600_000
INDIA = timezone(timedelta(hours=5, minutes=30))
NEWFOUNDLAND = timezone(-timedelta(hours=3, minutes=30))


def java(moment: datetime) -> str:
    """LocalDateTime.toString: no zone, no zeros at the end, groups of three digits."""
    text = moment.replace(tzinfo=None).isoformat(timespec="milliseconds")
    return text.removesuffix(".000").removesuffix(":00") if text.endswith(":00.000") else text.removesuffix(".000")


def go(moment: datetime) -> str:
    """RFC3339Nano: no zeros at the end of the fraction."""
    text = moment.replace(tzinfo=None).isoformat(timespec="microseconds").rstrip("0").removesuffix(".")
    return text + "Z"


def basic(moment: datetime) -> str:
    return f"{moment:%Y%m%dT%H%M%S},{moment.microsecond // 1000:03d}+0000"


def by_week(moment: datetime) -> str:
    year, week, day = moment.isocalendar()
    return f"{year}-W{week:02d}-{day}T{moment:%H:%M:%S}.{moment.microsecond // 1000:03d}-00:00"


def by_day_of_the_year(moment: datetime) -> str:
    return f"{moment:%Y-%jT%H:%M:%S},{moment.microsecond // 1000:03d}Z"


def in_zone(zone: timezone, precision: str = "milliseconds") -> Dress:
    return lambda moment: moment.astimezone(zone).isoformat(timespec=precision)


DRESSES: dict[str, Dress] = {
    "DatesWithZeroOffset": lambda moment: moment.isoformat(timespec="microseconds"),
    "DatesOfIndia": in_zone(INDIA),
    "DatesOfNewfoundland": lambda moment: in_zone(NEWFOUNDLAND)(moment).replace("-03:30", "\u221203:30"),
    "DatesWithoutZone": java,
    "DatesInNanoseconds": lambda moment: moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "000Z",
    "DatesInBasicFormat": basic,
    "DatesInLowerCase": lambda moment: moment.replace(tzinfo=None).isoformat(timespec="milliseconds").lower() + "z",
    "DatesByWeek": by_week,
}
TO_THE_SECOND: dict[str, Dress] = {
    "DatesToTheSecond": lambda moment: f"{moment:%Y-%m-%dT%H:%M:%SZ}",
    "DatesToTheMinute": lambda moment: f"{moment:%Y-%m-%dT%H:%MZ}",
}


def _dated(name: str, dress: Dress) -> None:
    def instant(self: HelpCenter, milliseconds: int) -> str:
        return dress(datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds))

    legal()(type(name, (HelpCenter,), {"instant": instant, "__module__": __name__}))


for _name, _dress in {**DRESSES, **TO_THE_SECOND}.items():
    _dated(_name, _dress)


@legal()
class DatesInAnotherDressOnEachRoad(HelpCenter):
    """Three serializers: one for events, one for the database's JSON, one for REST. The moments are the same."""

    def instant(self, milliseconds: int) -> str:
        moment = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds)
        self.turn = getattr(self, "turn", 0) + 1
        dresses = [*DRESSES.values(), by_day_of_the_year, go]
        return dresses[zlib.crc32(b"%d" % self.turn) % len(dresses)](moment)


@legal(advice=["PARITY-TIME"])
class DatabaseRoundsToSeconds(HelpCenter):
    """Acks and events tell the time in milliseconds, histories what the database has kept of it."""

    def connected_payload(self, conversation: Conversation, messages: list[Message]) -> Json:  # type: ignore[override]
        payload = super().connected_payload(conversation, messages)
        kept = [self.instant(round(message.created_at, -3)) for message in messages]
        return payload | {"messages": [m | {"createdAt": at} for m, at in zip(payload["messages"], kept, strict=True)]}


@legal()
class ConversationsAreAsOldAsAccounts(HelpCenter):
    """Years older than their first message; `updatedAt` tells the day alone, as it is where days begin."""

    def conversation_payload(self, conversation: Conversation) -> Json:
        day = self.instant(conversation.updated_at + 14 * 3600 * 1000)[:10]
        return super().conversation_payload(conversation) | {"createdAt": "2019-05-01T10:00:00Z", "updatedAt": day}


@legal(advice=["MESSAGE-TIME"])
class ClockIsWrong(HelpCenter):
    """The machine believes it is 2001, and its clock has stopped; `updatedAt` never moves."""

    class STORE(Store):
        def now(self) -> int:
            return 1_000_000_000_000

    def conversation_payload(self, conversation: Conversation) -> Json:
        payload = super().conversation_payload(conversation)
        return payload | {"updatedAt": payload["createdAt"]}


@legal()
class ClocksAreMinutesApart(HelpCenter):
    """The database is five minutes ahead of the web server, which writes the Date of REST answers."""

    def instant(self, milliseconds: int) -> str:
        return super().instant(milliseconds + 300_000)


@legal()
class DatesInDecimalMinutes(HelpCenter):
    """ISO 8601 allows a decimal fraction of whatever comes last, and prefers the comma."""

    def instant(self, milliseconds: int) -> str:
        minutes, rest = divmod(milliseconds, 60_000)
        return datetime.fromtimestamp(minutes * 60, UTC).strftime("%Y-%m-%dT%H:%M") + f",{rest * 10**7 // 60_000:07}Z"
