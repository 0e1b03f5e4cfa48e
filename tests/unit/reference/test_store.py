"""The reference server's store: long histories, instants, files."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.reference import Served, Store
from tests.unit.reference.raw_client import (
    TRANSPORTS,
    center,
    device,
    rest,
    run,
)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_long_history_is_delivered_whole(transport: str) -> None:
    store = Store()
    texts = [str(i) for i in range(2000)]
    store.add_many("old", texts)

    async def work(url: str) -> None:
        async with device(url, "old", transport) as (_, connected):
            assert [message["text"] for message in connected["messages"]] == texts
            assert connected == rest(url, "old")

    with Served(center(store=store).app) as server:
        run(lambda: work(server.url))


def test_instants_never_go_back() -> None:
    class Clock(Store):
        time = 5_000

        def now(self) -> int:
            return self.time

    store = Clock()
    conversation = store.conversation_of("ann")
    assert store.add(conversation, "one", sender="user").created_at == 5_000
    store.time = 3_000
    assert store.add(conversation, "two", sender="user").created_at == 5_000
    store.time = 5_001
    assert store.add(conversation, "three", sender="support").created_at == 5_001
    assert store.conversation_of("ann").updated_at == 5_001
    assert [m.text for m in store.history(conversation)] == ["one", "two", "three"]


def test_a_database_file_outlives_the_server(tmp_path: Any) -> None:
    bodies = []
    for _ in range(2):
        store = Store(tmp_path / "chat.db")
        with Served(center(store=store).app) as server:
            if not bodies:
                store.add_many("ann", ["one", "two"])
            bodies.append(rest(server.url, "ann"))
        store.close()
    assert len(bodies[0]["messages"]) == 2
    assert bodies[0] == bodies[1]
