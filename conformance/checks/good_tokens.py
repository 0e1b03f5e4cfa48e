"""Good tokens, wherever a run has presented them: none is refused now and then (sections 2.2, 6 and 7).

Left out is what others judge, or may have a reason: a token that follows a bad one of its user (a server may ask for
patience then), that comes beside another device, or that does not outlive its scenario.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from conformance.checks.assertions import expect
from conformance.checks.blame import of_greeting, unauthorized
from conformance.checks.first_contact import Contact
from conformance.checks.limits import not_limited
from conformance.errors import Deviation, Unverified
from conformance.protocol import CONNECTED
from conformance.record.descriptions import said
from conformance.record.rate_limits import wanted_pause
from conformance.record.token_kinds import EXPIRED
from conformance.record.views import Connection, Fetch, Record

AGAIN, RENEWED, TIMES = "again", "renewed", 2
"""The devices that present, in turns, a token that was accepted before and is refused now, and a new one of its user;
and how often they do so."""
LONGEST_PAUSE = 60.0
"""Seconds that are waited for where a target asks for it."""
UNWELCOME = (401, 403)
"""How REST says that it does not take a token."""


def refused(requirement: str) -> Callable[[Record], Iterator[Connection]]:
    """The connections of lone devices whose good token was called a bad one, by the requirement that judges it; or one
    that came too soon, but after a bad one, when a target may ask for patience."""

    def found(record: Record) -> Iterator[Connection]:
        for connection in record.connections:
            alone = connection.lasting and not connection.displaced
            limited = connection.too_soon is not None and requirement != "TOKEN-REFRESHED"
            turned_away = unauthorized(connection) or limited
            if alone and turned_away and of_greeting(connection) == requirement:
                yield connection

    return found


class LetIn:
    """AUTH-BARE, AUTH-PREFIXED, AUTH-HEADER and TOKEN-REFRESHED, of those. A user who was given, and of whom nothing
    was accepted in the whole run, may be none of the target's. Where no one at all was let in by the same option, over
    the same transport, it is for no pace; though a target may ask for a longer pause than is made."""

    def __init__(self, everything: Iterable[Record]) -> None:
        self._accepted: set[str] = set()
        self._open: set[tuple[str, str]] = set()
        """The options and transports by which anybody was let in."""
        self._times: Counter[str] = Counter()
        for record in everything:
            self._times.update(record.transcript.subjects.values())
            greeted = [c for c in record.connections if c.good and c.greeted]
            self._open |= {(c.option, c.transport) for c in greeted}
            welcome = [c.user for c in greeted]
            welcome += [fetch.user for fetch in record.fetches if fetch.good and fetch.successful]
            self._accepted |= {record.transcript.subjects.get(user, user) for user in welcome}

    def __call__(self, connection: Connection) -> None:
        if connection.too_soon is not None and (connection.option, connection.transport) in self._open:
            return  # of what it held up, each judgement says so
        if connection.too_soon is None or (wanted_pause(connection.too_soon) or 0) > LONGEST_PAUSE:
            not_limited(connection)
        contact = Contact(connection.record, connection.user)
        lent = contact.given or self._times[contact.subject] > 1
        if lent and contact.subject not in self._accepted:
            raise Unverified(f"no token of {contact.subject} was accepted anywhere: pass users whom the target knows")
        at = [connection.opened.serial, connection.entries[-1].serial]
        raise Deviation(f"{CONNECTED} for a good token on {connection.title}", said(connection.entries), at=at)


def spoiled(record: Record) -> Iterator[Connection]:
    """The last connection of a token that was let in, and is called a bad one each time since a bad copy of it was
    presented, while others of its user are let in at the same time."""
    own = [one for one in record.connections if one.device == AGAIN and unauthorized(one)]
    others = [one for one in record.connections if one.device == RENEWED and one.greeted]
    if len(own) == len(others) == TIMES:
        yield own[-1]


def let_in_again(connection: Connection) -> None:
    """AUTH-BARE, of those."""
    not_limited(connection)
    what = f"{CONNECTED} for a good token on {connection.title}, which was let in before a bad copy of it was presented"
    at = [connection.opened.serial, connection.entries[-1].serial]
    raise Deviation(what, f"{said(connection.entries)}, while other tokens of {connection.user} are let in", at=at)


def refused_by_rest(record: Record) -> Iterator[Fetch]:
    """The requests whose good token was refused, while others of the same user in the same scenario were answered."""
    answered = {fetch.user for fetch in record.fetches if fetch.good and fetch.successful}
    return (fetch for fetch in _refused(record) if fetch.user in answered and not _bad_before(fetch, record))


def answered(fetch: Fetch) -> None:
    """REST-OPEN, of those."""
    what = f"REST to take a good token of {fetch.user}, as it did others"
    raise Deviation(what, fetch.outcome, at=[fetch.entry.serial])


def refused_after_expired(record: Record) -> Iterator[Fetch]:
    """The requests whose good token was refused when its user had presented expired ones, and no worse."""
    return (fetch for fetch in _refused(record) if _bad_before(fetch, record) == {*EXPIRED})


class Refreshed:
    """TOKEN-REFRESHED, of those, where REST takes any good token of the run."""

    def __init__(self, everything: Iterable[Record]) -> None:
        self._taken = any(fetch.good and fetch.successful for record in everything for fetch in record.fetches)

    def __call__(self, fetch: Fetch) -> None:
        expected = "REST to take a good token after an expired one"
        expect(not self._taken, expected, fetch.outcome, at=[fetch.entry.serial])


def _refused(record: Record) -> Iterator[Fetch]:
    lasting = (fetch for fetch in record.fetches if fetch.good and fetch.entry.get("lifetime") is None)
    return (fetch for fetch in lasting if fetch.status in UNWELCOME)


def _bad_before(fetch: Fetch, record: Record) -> set[str]:
    """The kinds of bad tokens that the user had presented before."""
    presented = [(c.user, c.good, c.token_kind, c.opened) for c in record.all_connections]
    presented += [(other.user, other.good, other.token_kind, other.entry) for other in record.fetches]
    own = [one for one in presented if one[0] == fetch.user and one[3].serial < fetch.entry.serial]
    return {str(kind) for _, good, kind, _ in own if not good}
