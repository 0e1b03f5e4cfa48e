"""Servers that are wrong about the way from long-polling to WebSocket (section 1)."""

from __future__ import annotations

from typing import Any

from engineio.packet import MESSAGE as ENGINE_MESSAGE

from conformance.reference.protocol import MESSAGE
from tests.faults.fault import fault
from tests.faults.of_transports import Engines


@fault("CONN-UPGRADE", also=("ACK-CALLED", "MESSAGE-ECHO", "MESSAGE-DEVICES", "SUPPORT-EMITTED"))
class UpgradeLosesWhatWaits(Engines):
    """What is to be sent while an upgrade is under way is not carried over."""

    def change(self, engine: Any) -> None:
        send = engine.send

        async def not_now(packet: Any) -> None:
            if not (engine.upgrading and packet.packet_type == ENGINE_MESSAGE):
                await send(packet)

        engine.send = not_now


@fault("CONN-UPGRADE", also=("ACK-ONCE", "MESSAGE-ONCE"))
class UpgradeRepeatsWhatWaits(Engines):
    """The buffer is flushed on both transports."""

    def change(self, engine: Any) -> None:
        send = engine.send

        async def twice(packet: Any) -> None:
            await send(packet)
            if engine.upgrading and packet.packet_type == ENGINE_MESSAGE:
                await send(packet)

        engine.send = twice


class ChangesTheFirstPacketAfterAnUpgrade(Engines):
    times = 1

    def change(self, engine: Any) -> None:
        receive, polling = engine.receive, []

        async def changed(packet: Any) -> None:
            if not engine.upgraded:
                polling.append(packet)
            first = engine.upgraded and polling and packet.packet_type == ENGINE_MESSAGE
            for _ in range(self.times if first else 1):
                await receive(packet)
            if first:
                polling.clear()

        engine.receive = changed


@fault("CONN-UPGRADE", also=("ACK-CALLED",))
class UpgradeLosesTheFirstPacket(ChangesTheFirstPacketAfterAnUpgrade):
    """The listener of the new transport is attached too late."""

    times = 0


@fault("CONN-UPGRADE", also=("ACK-ONCE",))
class UpgradeTakesAPacketTwice(ChangesTheFirstPacketAfterAnUpgrade):
    """Both transports hand the same packet on."""

    times = 2


@fault("CONN-UPGRADE", also=("MESSAGE-ECHO", "MESSAGE-DEVICES", "SUPPORT-EMITTED"))
class UpgradeLeavesTheRoom(Engines):
    """Acks after an upgrade, but the room knew the old transport."""

    def change(self, engine: Any) -> None:
        send, polling = engine.send, []

        async def to_the_old_transport(packet: Any) -> None:
            if not engine.upgraded:
                polling.append(packet)
            if not (polling and engine.upgraded and MESSAGE in str(packet.data)):
                await send(packet)

        engine.send = to_the_old_transport


# -- an upgrade that is given up -----------------------------------------------------------------------------------


@fault("CONN-UPGRADE", also=("ACK-CALLED",))
class ProbingIsUpgrading(Engines):
    """Polls are answered with NOOP from the probe on, also where the WebSocket has ended without an upgrade."""

    def change(self, engine: Any) -> None:
        handle = engine._websocket_handler

        async def upgrades(websocket: Any) -> None:
            connected = engine.connected
            try:
                await handle(websocket)
            finally:
                engine.upgrading = connected and not engine.upgraded

        engine._websocket_handler = upgrades


@fault("CONN-UPGRADE", also=("MESSAGE-ECHO", "SUPPORT-EMITTED"))
class ProbingMovesTheEvents(Engines):
    """Events go to the WebSocket from its probe on, and there is none where it has ended without an upgrade."""

    def change(self, engine: Any) -> None:
        handle, send = engine._websocket_handler, engine.send
        probed = []

        async def upgrades(websocket: Any) -> None:
            probed.append(websocket)
            await handle(websocket)

        async def to_the_websocket(packet: Any) -> None:
            if engine.upgraded or not probed or MESSAGE not in str(packet.data):
                await send(packet)

        engine._websocket_handler, engine.send = upgrades, to_the_websocket
