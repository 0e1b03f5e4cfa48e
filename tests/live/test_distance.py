"""The proxy keeps what is carried, its order, and its distance."""

from __future__ import annotations

import socket
import threading
import time

import httpx
import jwt
import pytest

from conformance.reference import HelpCenter
from conformance.reference.serve import Served
from conformance.reference.tokens import Verifier
from tests.support.distance import Distance, far_away

SECRET = "a secret that is long enough for HMAC with SHA-256"


def echo() -> tuple[socket.socket, str]:
    """A server that sends back all it gets, until its client is done."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            while data := connection.recv(4096):
                connection.sendall(data)

    threading.Thread(target=serve, daemon=True).start()
    return listener, f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("distance", [Distance(), Distance(0.01, 0.02, seed=3)], ids=["near", "far"])
def test_everything_arrives_in_order(distance: Distance) -> None:
    listener, url = echo()
    sent = b"".join(number.to_bytes(4, "big") for number in range(20_000))
    with listener, far_away(url, distance) as here:
        port = int(here.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as client:
            threading.Thread(
                target=lambda: (client.sendall(sent), client.shutdown(socket.SHUT_WR)), daemon=True
            ).start()
            got = b""
            while data := client.recv(65536):
                got += data
    assert got == sent


def test_a_round_trip_takes_at_least_the_distance() -> None:
    token = jwt.encode({"sub": "ada"}, SECRET)
    headers = {"Authorization": f"Bearer {token}"}
    with (
        Served(HelpCenter(Verifier(SECRET)).app) as server,
        far_away(server.url, Distance(0.1)) as url,
        httpx.Client(base_url=url, headers=headers) as client,
    ):
        client.get("/api/help-center/messages")  # the connection is open from here on
        began = time.monotonic()
        answer = client.get("/api/help-center/messages")
        took = time.monotonic() - began
    assert answer.status_code == 200
    assert took >= 0.1


def test_a_server_that_is_gone_is_gone_behind_the_proxy_too() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with far_away(f"http://127.0.0.1:{port}", Distance()) as url, pytest.raises(httpx.HTTPError):
        httpx.get(url)
