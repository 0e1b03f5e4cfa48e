"""Sections 4.1 and 9: help_center:connected, the first event of a connection, and whose conversation it shows."""

from __future__ import annotations

from conformance.checks import history, law
from conformance.checks.law import over
from conformance.drive.scenario import scenario
from conformance.drive.stage import Stage
from conformance.record.views import Everything, Record
from conformance.requirements import requirement

NOBODY = "no device was greeted"


@requirement("CONNECTED-SENT")
def test_a_good_connection_is_greeted(everything: Everything) -> None:
    over(everything, law.first_arrivals, law.greeted, nothing="no device got as far as the namespace")


@requirement("CONNECTED-FIRST")
def test_the_greeting_is_the_first_event(everything: Everything) -> None:
    over(everything, law.arrivals, law.greeted_first, nothing=NOBODY)


@requirement("CONNECTED-ONCE")
def test_a_connection_is_greeted_once(everything: Everything) -> None:
    over(everything, law.once_connected, law.greeted_once, nothing=NOBODY)


@requirement("CONNECTED-SHAPE")
def test_every_greeting_fits(everything: Everything) -> None:
    over(everything, law.greetings, law.greeting_fits, nothing=NOBODY)


@requirement("CONNECTED-OWN")
def test_the_messages_shown_belong_to_the_conversation_shown(everything: Everything) -> None:
    over(everything, history.looks, history.of_its_conversation, nothing=NOBODY)


@requirement("CONNECTED-USER")
def test_a_user_has_one_user_id(everything: Everything) -> None:
    over(everything, history.returns, history.agree_on("userId", history.user_id), nothing=NOBODY)


@requirement("CONNECTED-CONVERSATION")
def test_a_user_has_one_conversation(everything: Everything) -> None:
    over(everything, history.returns, history.agree_on("conversation", history.conversation_id), nothing=NOBODY)


@scenario(users=2)
async def neighbours(stage: Stage) -> None:
    """Two users connect, one device each, and send nothing."""
    async with stage.device("phone"), stage.device("neighbour", user=stage.users[1]):
        pass


@requirement("CONNECTED-USER")
def test_another_user_has_another_user_id(everything: Everything, neighbours: Record) -> None:
    _ = neighbours
    over(everything, history.strangers, history.differ_in("userId", history.user_id), nothing=NOBODY)


@requirement("CONNECTED-CONVERSATION")
def test_another_user_has_another_conversation(everything: Everything, neighbours: Record) -> None:
    _ = neighbours
    over(everything, history.strangers, history.differ_in("conversation", history.conversation_id), nothing=NOBODY)
