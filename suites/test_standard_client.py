"""Section 5: the recommended flow, lived by the Socket.IO client that Python teams use."""

from __future__ import annotations

import pytest

from conformance.checks import standard_client as flow
from conformance.checks.client_views import views_agree
from conformance.checks.standard_client import Grounds, lived
from conformance.drive.scenario import scenario
from conformance.drive.stage import Stage
from conformance.drive.standard_client import StandardClient
from conformance.record.views import Everything, Record
from conformance.requirements import requirement

SENT = pytest.mark.parametrize("tag", ["called", "emitted", "returned"])
"""By ``call``, by ``emit`` with a callback, and after the client has come back."""


@scenario
async def standard_client(stage: Stage) -> None:
    """python-socketio's own client connects with its defaults (the token in auth; long-polling that moves to
    WebSocket), sends a text by "call", types, and sends one by "emit" with a callback. Then its connection is cut; it
    comes back by itself, sends another text and disconnects."""
    async with StandardClient(stage) as app:
        await app.send(stage.words(), tag="called", call=True)
        await app.typing(True)
        await app.typing(False)
        await app.send(stage.words(), tag="emitted")
        await app.lose_connection()
        await app.send(stage.words(), tag="returned")


@pytest.fixture
def grounds(
    everything: Everything, polling_chat: Record, websocket_chat: Record, upgraded: Record, typing_alone: Record
) -> Grounds:
    """What the flow builds on: what our own devices met."""
    return flow.grounds(everything, polling_chat, websocket_chat, upgraded, typing_alone)


@requirement("STANDARD-CLIENT")
def test_the_standard_client_is_greeted(standard_client: Record, grounds: Grounds) -> None:
    lived(lambda: flow.welcomed(standard_client), standard_client, grounds)


@requirement("STANDARD-CLIENT")
@SENT
def test_the_callback_of_the_standard_client_gets_the_ack(standard_client: Record, tag: str, grounds: Grounds) -> None:
    lived(lambda: flow.answered(standard_client, tag), standard_client, grounds)


@requirement("STANDARD-CLIENT")
@SENT
def test_the_standard_client_hears_its_own_message(standard_client: Record, tag: str, grounds: Grounds) -> None:
    lived(lambda: flow.handled(standard_client, tag), standard_client, grounds)


@requirement("STANDARD-CLIENT")
def test_the_standard_client_is_greeted_when_it_comes_back(standard_client: Record, grounds: Grounds) -> None:
    lived(lambda: flow.came_back(standard_client), standard_client, grounds)


@requirement("STANDARD-CLIENT")
def test_the_standard_client_is_shown_its_messages_then(standard_client: Record, grounds: Grounds) -> None:
    lived(lambda: flow.resynced(standard_client), standard_client, grounds)


@requirement("STANDARD-CLIENT")
def test_the_standard_client_saw_what_was_recorded(standard_client: Record) -> None:
    """Not of the target: what the handlers saw otherwise is an error of the harness."""
    views_agree(standard_client)
