"""Bad tokens, wherever a run has presented them: who asks, when and how makes no difference (sections 2.2, 6 and 7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from conformance.checks.assertions import check_all, expect
from conformance.checks.authentication import (
    is_accepted,
    looked_at,
    opens_nothing,
    refused_after_all,
    rest_takes_good_ones,
)
from conformance.checks.entry import ENTRY, entry_of
from conformance.errors import Deviation, Unverified
from conformance.record.rate_limits import BUSY
from conformance.record.token_kinds import EXPIRED, GOOD
from conformance.record.transcript import Entry
from conformance.record.views import Connection, Fetch, Record

EARLY, SEEN, UNSEEN = "early", "seen", "unseen"
"""Of two tokens that expire together: the one that was accepted in its time (that of the device, and the request,
``early``), and the one that the target has not seen."""
TIMES = 2
"""How often each of the two is tried over each channel: the clocks of a cluster's servers differ."""
UNSIGNED = "an expired token needs the signing key: pass --jwt-secret or --jwt-key"


@dataclass(frozen=True, slots=True)
class _Try:
    """Which of the two tokens was tried, and whether it was let in."""

    token: str
    entered: bool
    entry: Entry


# -- laws --------------------------------------------------------------------------------------------------------


def knocks(requirement: str) -> Callable[[Record], Iterator[Connection]]:
    """The connections with the bad tokens of a requirement (AUTH-MISSING, AUTH-INVALID, AUTH-EXPIRED), unjudged ones
    included, that were greeted: what is wrong with the others is judged where they are what is tested."""
    return lambda record: (one for one in strangers(record, requirement) if one.greeted)


def strangers(record: Record, *requirements: str) -> Iterator[Connection]:
    """All connections with bad tokens, or those with the bad tokens of some requirements."""
    for connection in record.all_connections:
        entry = entry_of(connection)
        if not connection.good and entry is not None and (not requirements or entry in requirements):
            yield connection


def kept_out(record: Record) -> Iterator[Connection]:
    """The connections that were not let in, of which the document leaves open whether they are. Who got no handshake is
    judged where nothing is left open."""
    tried = (one for one in record.all_connections if not one.good and one.token_kind == GOOD)
    return (one for one in tried if one.handshake_completed and not is_accepted(one))


def requests(requirement: str) -> Callable[[Record], Iterator[Fetch]]:
    """The REST requests with the bad tokens of a requirement: REST-EXPIRY, or REST-REFUSAL for all others."""

    def found(record: Record) -> Iterator[Fetch]:
        for fetch in record.fetches:
            kind = fetch.token_kind
            if not fetch.good and kind in ENTRY and (kind in EXPIRED) is (requirement == "REST-EXPIRY"):
                yield fetch

    return found


def given_nothing(fetch: Fetch) -> None:
    """REST-EXPIRY and REST-REFUSAL."""
    expect(
        not fetch.successful, f"no 2xx for a bad token ({fetch.token})", lambda: fetch.outcome, at=[fetch.entry.serial]
    )


# -- one scenario that tries several -----------------------------------------------------------------------------


def assert_rejected(record: Record, requirement: str) -> None:
    """None of the tokens of a requirement opened the conversation. Raises Unverified where there was none to try."""
    check_all(_tried(record, requirement), lambda connection: opens_nothing(looked_at(connection)))


def opened_nothing(record: Record, requirement: str) -> None:
    """The same, where the target does not have to look at any of them: it may have closed the transport before."""
    check_all(_tried(record, requirement), opens_nothing)


def refused(record: Record, judge: Callable[[Connection], None]) -> None:
    """A judgement of refused clients, for all of them."""
    check_all(_tried(record), lambda connection: judge(refused_after_all(looked_at(connection))))


def rest_gave_nothing(record: Record, requirement: str) -> None:
    """No request with a token of a requirement was successful. Raises Unverified where REST never succeeds."""
    fetches = list(requests(requirement)(record))
    if not any(fetch.successful for fetch in fetches):
        rest_takes_good_ones(record)
    if not fetches and requirement == "REST-EXPIRY" and record.transcript.cut is None:
        raise Unverified(UNSIGNED)
    if not fetches and any(strangers(record)):
        raise Unverified(f"the scenario ended before REST was asked with a bad token: {record.transcript.cut}")
    if not fetches:
        raise record.cut_short("first request with a bad token")
    check_all(fetches, given_nothing)


def _tried(record: Record, *requirements: str) -> Sequence[Connection]:
    found = list(strangers(record, *requirements))
    if not found and "AUTH-EXPIRED" in requirements and any(strangers(record)) and record.transcript.cut is None:
        raise Unverified(UNSIGNED)
    if not found and any(strangers(record)):
        raise Unverified(
            f"the scenario ended before the tokens of {' and '.join(requirements)}: {record.transcript.cut}"
        )
    if not found:
        raise record.cut_short("first bad token")
    return found


# -- a token that was good once ----------------------------------------------------------------------------------


def forgotten(record: Record) -> None:
    """AUTH-OUTLIVED. What a server lets in for the sake of clocks that differ, it lets in whether it has seen it or
    not; over each channel, both tokens were tried twice, the unseen one first and last."""
    early = [connection for connection in record.all_connections if connection.device == EARLY]
    if not any(connection.greeted for connection in early):
        raise Unverified("a token of a few seconds was not accepted in its time")
    expiry = early[0].opened.at + early[0].opened.get("lifetime", 0)
    check_all(_routes(record), lambda route: _forgotten_on(route, expiry))


def _routes(record: Record) -> Iterator[tuple[str, Sequence[_Try]]]:
    for transport in ("websocket", "polling"):
        late = [c for c in record.all_connections if c.device != EARLY and c.transport == transport]
        yield transport, [_Try(c.device, is_accepted(c), c.opened) for c in late if _answered(c)]
    late_fetches = [fetch for fetch in record.fetches if fetch.tag != EARLY and fetch.status not in (0, *BUSY)]
    yield "REST", [_Try(fetch.tag, fetch.successful, fetch.entry) for fetch in late_fetches]


def _answered(connection: Connection) -> bool:
    end = connection.broken_off
    refused = end is not None and end.get("by") == "target" and end.get("status") not in BUSY
    return connection.handshake_completed or refused


def _forgotten_on(route: tuple[str, Sequence[_Try]], expiry: float) -> None:
    """``expiry``: when both tokens had expired at the latest, in the seconds of the record."""
    name, tries = route
    seen = [one.entered for one in tries if one.token == SEEN]
    unseen = [one.entered for one in tries if one.token == UNSEEN]
    late = [one.entry.at - expiry for one in tries if one.token == UNSEEN and one.entered]
    if late:
        how = f"{max(0.0, *late):.1f} s or more after their time"
        raise Unverified(f"tokens that expired a moment ago are still accepted, {how} (leeway, or another clock)")
    if len(seen) == len(unseen) == TIMES and all(seen):
        raise Deviation(
            "a token to be refused once it has expired, as another is that expired with it and was never seen",
            f"over {name} the token that had been accepted before was let in, {TIMES} times of {TIMES}",
            at=[one.entry.serial for one in tries],
        )
