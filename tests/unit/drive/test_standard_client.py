"""python-socketio's own client on a recorded session: what it does, and what it is spared."""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.checks.client_views import client_connections, seen, views_agree
from conformance.checks.standard_client import answered, came_back, handled, resynced, welcomed
from conformance.drive.client_inbox import ClientInbox
from conformance.drive.opening import ScenarioAborted
from conformance.drive.stage import Stage
from conformance.drive.standard_client import StandardClient
from conformance.protocol import CONNECTED, MESSAGE
from conformance.record.health import lost
from conformance.record.transcript import Kind
from conformance.record.views import Record
from conformance.reference.help_center import HelpCenter
from conformance.reference.serve import Served
from conformance.reference.tokens import Verifier
from tests.support.clients import SECRET, in_loop
from tests.support.gateways import LetsNoWebSocketThrough, Limits, Open, StaysOnPolling, Sticks, behind
from tests.support.network import Network
from tests.support.peers import self_signed
from tests.support.staging import stage_at, stage_on


async def flow(stage: Stage) -> Record:
    """The flow of the suites' scenario, and its record."""
    async with StandardClient(stage) as app:
        await app.send(stage.words(), tag="called", call=True)
        await app.typing(True)
        await app.send(stage.words(), tag="emitted")
        await app.lose_connection()
        await app.send(stage.words(), tag="returned")
    return Record(stage.transcript)


def lived(record: Record) -> None:
    welcomed(record)
    for tag in ("called", "emitted", "returned"):
        answered(record, tag)
        handled(record, tag)
    came_back(record)
    resynced(record)
    views_agree(record)


@pytest.mark.parametrize(("make", "ends_on"), [(HelpCenter, "websocket"), (StaysOnPolling, "polling")])
@in_loop
async def test_the_flow_is_lived_and_recorded(make: type[HelpCenter], ends_on: str) -> None:
    async with stage_on(make) as stage:
        record = await flow(stage)
        lived(record)
        first, second = client_connections(record)
        assert [first.closed and first.closed.get("reason"), second.closed and second.closed.get("reason")] == [
            "dropped",
            "closed",
        ]
        sent = [entry for entry in stage.transcript.of(Kind.SENT) if entry.get("send")]
        assert [(entry.get("tag"), entry.get("id"), entry.get("via")) for entry in sent] == [
            ("called", 1, ends_on),
            ("emitted", 2, ends_on),
            ("returned", 1, ends_on),
        ]
        assert [entry.get("event") for entry in seen(second, "event")] == [CONNECTED, MESSAGE]
        assert [e.get("reason") for e in seen(first, "disconnect")] == ["transport error"]


@in_loop
async def test_nothing_of_it_is_left_behind_and_no_token_is_reported() -> None:
    async with stage_on(HelpCenter) as stage:
        token, before = await stage.user.token(), asyncio.all_tasks()
        await flow(stage)
        assert asyncio.all_tasks() == before
        reported = json.dumps([entry.to_json() for entry in stage.transcript], ensure_ascii=False)
        assert token.value not in reported
        assert "‹token of user 1›" in reported


@in_loop
async def test_a_refused_client_is_cut_short() -> None:
    async with stage_on(lambda *_, **options: HelpCenter(Verifier("another secret"), **options)) as stage:
        before = asyncio.all_tasks()
        with pytest.raises(ScenarioAborted, match="UNAUTHORIZED"):
            await flow(stage)
        assert asyncio.all_tasks() == before


class Slow(HelpCenter):
    """Takes longer for the answer to CONNECT than the library waits by default."""

    def build_wire(self) -> Any:
        wire = super().build_wire()
        handle = wire._handle_connect

        async def slowly(*arguments: Any) -> None:
            await asyncio.sleep(1.3)
            await handle(*arguments)

        wire._handle_connect = slowly
        return wire


@in_loop
async def test_a_slow_server_is_waited_for() -> None:
    async with stage_on(Slow) as stage:
        lived(await flow(stage))


# -- what the environment asks for -------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [HelpCenter, StaysOnPolling])
@in_loop
async def test_limits_of_rate_are_waited_out(make: type[HelpCenter]) -> None:
    async with behind(Limits, make) as (stage, _):
        lived(await flow(stage))
        marks = [entry for entry in stage.transcript.of(Kind.MARK) if entry.get("limited") == 429]
        assert marks


@in_loop
async def test_where_no_websocket_gets_through_it_stays_on_polling() -> None:
    async with behind(LetsNoWebSocketThrough, HelpCenter) as (stage, _):
        lived(await flow(stage))
        assert {entry.get("via") for entry in stage.transcript.of(Kind.RECEIVED)} == {"polling"}


@pytest.mark.parametrize("make", [HelpCenter, StaysOnPolling])
@in_loop
async def test_cookies_of_a_balancer_go_back_as_they_came(make: type[HelpCenter]) -> None:
    async with behind(Sticks, make) as (stage, gateway):
        lived(await flow(stage))
        cookies = [headers.get("cookie") for headers in gateway.requests]
        assert cookies[0] is None
        assert set(cookies[1:]) == {Sticks.COOKIE}


@in_loop
async def test_headers_of_a_gateway_go_with_every_request() -> None:
    async with behind(Open, StaysOnPolling) as (stage, gateway):
        stage.run = replace(stage.run, headers={"X-Gate": "open"})
        lived(await flow(stage))
        assert {headers.get("x-gate") for headers in gateway.requests} == {"open"}


class HangsUpOnce(HelpCenter):
    """Loses one connection, after its first message."""

    lost = False

    async def on_send(self, event: Any) -> None:
        await super().on_send(event)
        if not self.lost:
            self.lost = True
            await self.wire.hang_up(event.sid)


@in_loop
async def test_a_lost_connection_is_a_reason_to_record_the_scenario_again() -> None:
    async with stage_on(HangsUpOnce) as stage:
        with pytest.raises(ScenarioAborted):
            await flow(stage)
        loss = lost(stage.transcript)
        assert loss is not None
        assert loss.get("by") == "target"
        stage.transcript.entries.clear()
        lived(await flow(stage))


# -- what goes wrong ---------------------------------------------------------------------------------------------------


@in_loop
async def test_a_server_that_is_not_there_is_the_networks_doing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        async with stage_at("http://127.0.0.1:9", deadline=0.5) as stage:
            with pytest.raises(ScenarioAborted):
                await flow(stage)
            [closed] = stage.transcript.of(Kind.CLOSED)
            assert closed.get("by") == "network"
    assert not [record for record in caplog.records if record.name.startswith(("engineio", "socketio"))]


@in_loop
async def test_an_error_of_the_harness_is_raised_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("ours")

    async with stage_on(HelpCenter) as stage:
        monkeypatch.setattr(ClientInbox, "on_handshake", broken)
        with pytest.raises(KeyError, match="ours"):
            await flow(stage)


@in_loop
async def test_what_the_client_cannot_read_is_reported_and_not_ours() -> None:
    class Garbles(HelpCenter):
        async def join(self, sid: str, user: str) -> None:
            await super().join(sid, user)
            await self.wire.eio.send(self.wire.manager.eio_sid_from_sid(sid, "/help-center"), "2/help-center,[{")

    async with stage_on(Garbles) as stage:
        record = await flow(stage)
        assert [str(entry.get("reason"))[:15] for entry in seen(client_connections(record)[0], "error")] == [
            "JSONDecodeError"
        ]


@pytest.mark.parametrize("trusted", [True, False])
@in_loop
async def test_certificates_are_trusted_as_the_run_is_reported(tmp_path: Path, trusted: bool) -> None:
    server_side, certificate = self_signed(tmp_path)
    client_side = ssl.create_default_context(cafile=str(certificate) if trusted else None)
    with Served(HelpCenter(Verifier(SECRET)).app) as server:
        before, behind_tls = asyncio.all_tasks(), Network(server.url, websockets=True)
        listening = await asyncio.start_server(behind_tls.carry, "127.0.0.1", 0, ssl=server_side)
        async with stage_at(f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}") as stage:
            stage.run = replace(stage.run, tls=client_side)
            if trusted:
                lived(await flow(stage))
            else:
                with pytest.raises(ScenarioAborted):
                    await flow(stage)
                assert "CERTIFICATE_VERIFY_FAILED" in stage.transcript.of(Kind.CLOSED)[0].get("reason")
        listening.close()
        behind_tls.down()
        if carrying := asyncio.all_tasks() - before:
            await asyncio.wait(carrying)


class NumbersBeyondFloats(HelpCenter):
    """Messages have a further field, 1e999."""

    def build_app(self) -> Any:
        inner = super().build_app()

        async def app(scope: Any, receive: Any, send: Any) -> None:
            async def sending(said: Any) -> None:
                text = said.get("text") if said["type"] == "websocket.send" else None
                await send({**said, "text": text.replace('"text":', '"large":1e999,"text":')} if text else said)

            await inner(scope, receive, sending)

        return app


@in_loop
async def test_numbers_beyond_floats_are_recorded_alike_and_in_json(tmp_path: Path) -> None:
    def refused(constant: str) -> None:
        raise AssertionError(constant)

    async with stage_on(NumbersBeyondFloats) as stage:
        record = await flow(stage)
    views_agree(record)
    lines = stage.transcript.save(tmp_path).read_text("utf-8").splitlines()
    kept = [json.loads(line, parse_constant=refused) for line in lines[1:]]
    assert any("large" in str(entry["data"]) for entry in kept if entry["kind"] == "client")
    views_agree(Record(type(stage.transcript).load(tmp_path / "key.jsonl")))
