"""The flow of a client library: what is held against a server, what against others, and what against the harness."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.checks.assertions import outcome_of
from conformance.checks.client_views import Disagreement
from conformance.checks.standard_client import answered, came_back, grounds, handled, lived, resynced, welcomed
from conformance.errors import Deviation, Unverified
from conformance.protocol import CONNECTED, MESSAGE
from conformance.record.missing import Missing
from conformance.record.transcript import Doubt, Kind
from conformance.record.waits import GREETING, ack_of
from tests.support.handmade import CONVERSATION, Handmade, message


class Client(Handmade):
    """The record of a client library."""

    def comes(self, messages: Any = ()) -> None:
        """A connection that is greeted."""
        self.opens("app", trial=True, client="a library", transport="upgrade", usual=False)
        self.greeted(messages)
        self.add(Kind.CLIENT, saw="event", event=CONNECTED, args=[{"conversation": CONVERSATION, "messages": []}])

    def sends(self, tag: str, *, acked: bool = True, heard: bool = True) -> dict[str, Any]:
        self.emits({"text": tag}, tag=tag)
        number, saved = self._sends, message(tag, id=tag)
        if heard:
            self.event(MESSAGE, saved)
            self.add(Kind.CLIENT, saw="event", event=MESSAGE, args=[saved])
        if acked:
            self.ack({"message": saved})
            self.add(Kind.CLIENT, saw="ack", send=number, attempt=1, args=[{"message": saved}])
        return saved


def comes_back_to(messages: list[Any]) -> Client:
    client = Client()
    client.comes([message("old", id="old")])
    for tag in ("called", "emitted"):
        client.sends(tag)
    client.closed()
    client.comes(messages)
    return client


def fails() -> None:
    raise Deviation("something", "nothing")


def holds() -> None:
    pass


def test_a_client_that_lives_the_flow_is_no_deviation() -> None:
    client = comes_back_to([message("x", id=name) for name in ("old", "called", "emitted")])
    client.sends("returned")
    welcomed(client.record)
    came_back(client.record)
    resynced(client.record)
    for tag in ("called", "emitted", "returned"):
        answered(client.record, tag)
        handled(client.record, tag)


def test_a_client_that_is_not_greeted() -> None:
    client = Client()
    client.opens("app", trial=True, client="a library")
    client.add(Kind.EXPIRED, waiting=GREETING, seconds=15.0)
    with pytest.raises(Deviation, match="the client to be greeted"):
        welcomed(client.record)


@pytest.mark.parametrize(("doubt", "blamed"), [(None, True), (Doubt.UNPRECEDENTED, False)])
def test_a_namespace_that_was_waited_for_a_moment_only_is_not_what_the_flow_misses(
    doubt: Doubt | None, blamed: bool
) -> None:
    made = Handmade()
    made.opens()
    made.transcript.entries.pop()  # CONNECT is not answered
    made.add(Kind.EXPIRED, waiting=GREETING, seconds=0.3, doubt=doubt)
    record = made.record
    ground = [judge for name, judge in grounds([record], record, record, record, record) if name == "CONN-NAMESPACE"]
    assert isinstance(outcome_of(lambda _: ground[0](), None), Deviation) == blamed


def test_a_probe_that_is_not_answered_is_reported() -> None:
    client = Client()
    client.opens("app", trial=True, client="a library")
    client.add(Kind.ENGINE, direction=">", packet="ping probe", via="websocket")
    with pytest.raises(Deviation, match="no answer to the probe of the upgrade"):
        welcomed(client.record)


def test_what_may_have_been_under_way_is_open() -> None:
    client = Client()
    client.opens("app", trial=True, client="a library")
    client.add(Kind.EXPIRED, waiting=GREETING, seconds=15.0, doubt="slow")
    with pytest.raises(Unverified, match="--deadline"):
        welcomed(client.record)


@pytest.mark.parametrize("judge", [answered, handled])
def test_a_send_that_leads_to_nothing(judge: Any) -> None:
    client = Client()
    client.comes()
    client.sends("called", acked=judge is handled, heard=False)
    client.add(Kind.EXPIRED, waiting=ack_of(1), seconds=15.0)
    with pytest.raises(Deviation, match="send #1"):
        judge(client.record, "called")


def test_a_send_that_was_not_acked_is_judged_once() -> None:
    client = Client()
    client.comes()
    client.sends("called", acked=False)
    with pytest.raises(Unverified) as raised:
        handled(client.record, "called")
    assert raised.value.because is None


def test_a_greeting_with_a_gap() -> None:
    client = comes_back_to([message("x", id=name) for name in ("old", "emitted")])
    with pytest.raises(Deviation, match="send #1 is missing"):
        resynced(client.record)


def test_a_greeting_with_nothing_but_the_end_is_none() -> None:
    resynced(comes_back_to([message("x", id="emitted")]).record)


def test_a_client_that_did_not_come_back() -> None:
    client = comes_back_to([])
    del client.transcript.entries[-1]
    with pytest.raises(Deviation, match="again"):
        came_back(client.record)


def test_a_scenario_that_was_cut_before_is_not_the_flows_failure() -> None:
    client = Client()
    client.comes()
    with pytest.raises(Missing):
        came_back(client.record)


# -- who is blamed -----------------------------------------------------------------------------------------------------


def test_the_flow_fails_where_what_it_builds_on_holds() -> None:
    with pytest.raises(Deviation):
        lived(fails, Client().record, [("CONN-POLLING", holds)])


def test_what_it_builds_on_is_blamed_where_that_does_not_hold() -> None:
    with pytest.raises(Unverified) as raised:
        lived(fails, Client().record, [("CONN-POLLING", holds), ("ACK-CALLED", fails)])
    assert raised.value.because == "ACK-CALLED"


def test_a_flow_that_is_lived_asks_for_no_grounds() -> None:
    lived(holds, Client().record, [("ACK-CALLED", fails)])


def test_the_harness_is_blamed_where_the_views_differ() -> None:
    client = Client()
    client.comes()
    client.event(MESSAGE, message())
    with pytest.raises(Disagreement):
        lived(fails, client.record, [])
