"""What is judged of REST (section 7): that it opens, to whom it does not, and that it shows what the socket shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from conformance.checks.assertions import check_all, expect, expect_equal, expect_schema
from conformance.checks.authentication import of_kind, rest_takes_good_ones
from conformance.checks.blame import SHAPES
from conformance.checks.doubts import no_doubt
from conformance.checks.history import no_id_is_shared
from conformance.checks.history_window import HistoryWindow, body_of, greeting_of
from conformance.checks.leaks import leaks, spoken
from conformance.checks.limits import not_busy
from conformance.checks.parity import differences
from conformance.errors import Deviation, Unverified
from conformance.formatting import preview
from conformance.record.payloads import History
from conformance.record.rate_limits import BUSY
from conformance.record.token_kinds import EXPIRED, FORGED
from conformance.record.transcript import Kind
from conformance.record.views import Fetch, Record
from conformance.schema import timestamps, validator

_SECONDS_APART = 1.0
"""How far two tellings of one instant may lie apart: a database may keep fewer digits than the clock gives."""

BY_A_CACHE, NOT_MODIFIED = "asked by a cache", 304
"""The tag of a request as a cache makes it; the HTTP status that says that its answer is still good."""

# -- good tokens -------------------------------------------------------------------------------------------------


def opens(fetch: Fetch, what: str) -> None:
    """A success with a JSON body."""
    not_busy(fetch)
    no_doubt(fetch.entry, "the answer of REST")
    expect(fetch.successful and fetch.is_json, what, lambda: fetch.outcome, at=[fetch.entry.serial])


def opens_already(fetch: Fetch, *, otherwise: Fetch) -> None:
    """A success before the user's first socket, as otherwise (where it never succeeds, REST-OPEN is to blame)."""
    if not (fetch.successful and fetch.is_json):
        otherwise.history  # noqa: B018  raises Unverified where REST gives no conversation at all
    opens(fetch, "a 2xx status with a JSON body before the user's first socket")


def bodies(record: Record) -> Iterator[Fetch]:
    """The answers to good tokens that are JSON."""
    return (fetch for fetch in record.fetches if fetch.good and fetch.successful and fetch.is_json)


def settled(record: Record) -> Iterator[Fetch]:
    """The answers to good tokens with which the target, and not a gateway, succeeded or failed."""
    fetches = (fetch for fetch in record.fetches if fetch.good and fetch.status not in BUSY)
    return (fetch for fetch in fetches if fetch.successful or fetch.status >= 500)


def is_json(fetch: Fetch) -> None:
    """REST-OPEN, whatever the conversation holds."""
    why = f" (no JSON: {fetch.entry.get('reason')})" if fetch.successful else ""
    holds = fetch.successful and fetch.is_json
    expect(holds, "a 2xx status with a JSON body", lambda: f"{fetch.outcome}{why}", at=[fetch.entry.serial])


def fits_the_schema(fetch: Fetch) -> None:
    """REST-SHAPE."""
    expect_schema("connected", fetch.body, "the REST body", at=[fetch.entry.serial])


def has_json_media(fetch: Fetch) -> None:
    """REST-MEDIA."""
    media = fetch.content_type.partition(";")[0].strip().lower()
    holds = media == "application/json" or media.endswith("+json")
    expect(holds, "Content-Type: application/json", fetch.content_type or "none", at=[fetch.entry.serial])


# -- bad tokens --------------------------------------------------------------------------------------------------


def refuses(record: Record, kind: str) -> None:
    """REST-REFUSAL and REST-EXPIRY: no success, and nothing of the conversation whatever the status."""
    fetch = _asked(record, kind)
    of_kind(fetch.entry, kind)
    at = [fetch.entry.serial]
    expect(not fetch.successful, f"no 2xx for a bad token ({kind})", lambda: fetch.outcome, at=at)
    leaked = ", ".join(preview(leak) for leak in leaks(fetch.body, spoken(record)))
    expect(not leaked, f"no conversation for a bad token ({kind})", f"HTTP {fetch.status} with {leaked}", at=at)


def forged(record: Record) -> list[str]:
    """The generated tokens with which REST was asked, by their labels, the shortest first."""
    return sorted({fetch.tag for fetch in record.fetches if fetch.token_kind == FORGED}, key=len)


def unauthorized(record: Record, kind: str) -> None:
    """REST-STATUS."""
    fetch = _asked(record, kind)
    if fetch.successful:
        because = "REST-EXPIRY" if fetch.token_kind in EXPIRED else "REST-REFUSAL"
        raise Unverified(f"a bad token ({fetch.token}) was let in", because=because)
    expect_equal(fetch.status, 401, "the HTTP status", at=[fetch.entry.serial])


def _asked(record: Record, kind: str) -> Fetch:
    """The request with a bad token. Raises Unverified where it was not answered, and where REST never succeeds."""
    fetch = record.fetch(kind, -1)
    if not fetch.successful:
        rest_takes_good_ones(record)
    not_busy(fetch)
    if fetch.status == 0:
        raise Unverified(f"REST did not answer ({fetch.outcome})")
    return fetch


# -- the same conversation ---------------------------------------------------------------------------------------


def views(record: Record) -> list[HistoryWindow]:
    """The conversation as it was shown when no one wrote any more: REST, greeting, REST."""
    before, after = record.fetch("before", -1), record.fetch("after", -1)
    return [body_of(before, record), greeting_of(record.connection("tablet", -1)), body_of(after, record)]


def same_id(one: History, other: History) -> None:
    """Both are of one conversation."""
    mine, its = one.conversation, other.conversation
    expect_equal(its.id, mine.id, f"{its.where}.id (as in {mine.where})", at=[one.at, other.at])


def same_conversation(record: Record) -> None:
    """One conversation in all views, as long as it is not changed. One that has not the shape it should have is judged
    by that."""
    shown_in = [view.history for view in views(record)]
    for history in shown_in:
        if not validator.fits("conversation", history.conversation.raw):
            raise Unverified(f"{history.where}.conversation fits no schema", because=SHAPES[history.shape])
    before, greeting, after = shown_in
    check_all([before] if _alike(before, after) else [before, after], lambda rest: _same_conversation(greeting, rest))
    if record.connection("tablet", -1).left > record.fetch("after", -1).entry.serial:
        _same_status(before, greeting, after)


def _alike(one: History, other: History) -> bool:
    """Whether two answers of REST say the same of what does not change: what is wrong is told once."""
    mine, its = one.conversation, other.conversation
    return (mine.id, mine.created_at) == (its.id, its.created_at)


def _same_conversation(greeting: History, rest: History) -> None:
    same_id(greeting, rest)
    mine, its, at = greeting.conversation, rest.conversation, [greeting.at, rest.at]
    apart = timestamps.seconds_apart(mine.created_at, its.created_at)
    what = f"{its.where}.createdAt to be {mine.created_at} (as in {mine.where})"
    expect(apart is None or apart <= _SECONDS_APART, what, its.created_at, at=at)


def _same_status(before: History, greeting: History, beside: History) -> None:
    """When a status changes is not said, and it may do so because a device comes, before it is greeted or after. So
    REST has to show the greeting's either just before the device came or while it is there."""
    mine, its = greeting.conversation, beside.conversation
    if before.conversation.status != mine.status:
        what = f"{its.where}.status (as in {mine.where}), while the device that was greeted is there"
        expect_equal(its.status, mine.status, what, at=[before.at, greeting.at, beside.at])


def same_messages(views: Sequence[HistoryWindow]) -> None:
    """Views of one conversation, in the order in which they were shown, agree: each may be a shorter last part than
    the others, and a later one may have new messages of support, but of no one else."""
    for view in views:
        no_id_is_shared(view.history)
    check_all(pairwise(views), lambda pair: _same_messages(*pair))


def _same_messages(one: HistoryWindow, other: HistoryWindow) -> None:
    earlier, later = one.history, other.history
    at = [earlier.at, later.at]
    both = set(earlier.ids) & set(later.ids)
    first, second = ([name for name in view.ids if name in both] for view in (earlier, later))
    expect(
        first == second,
        lambda: f"the order of {earlier.where}, {preview(first)}, in {later.where}",
        lambda: preview(second),
        at=at,
    )
    lacking = one.differs_from(other)
    alone = ", ".join(f"{message.where}, {preview(message.raw)}" for message in lacking)
    expect(not lacking, f"{earlier.where} and {later.where} with the same messages", f"one alone has {alone}", at=at)
    where = {name: place for place, name in enumerate(later.ids)}
    twins = [(place, where[name]) for place, name in enumerate(earlier.ids) if name in both]
    raw = earlier.raw["messages"], later.raw["messages"]
    pairs = [(earlier.messages[one], later.messages[two]) for one, two in twins if raw[0][one] is not raw[1][two]]
    differing = [found for one, two in pairs if (found := differences(one, two))]
    expect(not differing, f"the messages of {later.where} as in {earlier.where}", "; ".join(differing), at=at)


# -- caches --------------------------------------------------------------------------------------------------------


def not_the_same_for_caches(record: Record) -> None:
    """Deviate where an answer is said to be as it was (304), though a text was accepted since that REST shows."""
    said, fresh = record.send("after"), record.fetch("fresh")
    shown = said.message.id in body_of(fresh, record).history.ids
    asked = [entry for entry in record.transcript.of(Kind.HTTP) if entry.get("tag") == BY_A_CACHE]
    if asked and asked[-1].get("status") == NOT_MODIFIED and shown:
        expected = f"another ETag than before send #{said.number}"
        raise Deviation(expected, "HTTP 304 to If-None-Match", at=[said.entry.serial, asked[-1].serial])
