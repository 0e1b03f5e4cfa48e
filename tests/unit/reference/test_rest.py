"""The REST endpoint of the reference server (section 7)."""

from __future__ import annotations

import httpx
import pytest

from tests.unit.reference.raw_client import (
    REST,
    device,
    get,
    rest,
    run,
    token,
)


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer x", f"Bearer {token(lifetime=-9)}", f"Basic {token()}", token()],
    ids=["none", "empty", "scheme only", "nonsense", "expired", "other scheme", "no scheme"],
)
def test_rest_asks_for_a_good_token(url: str, header: str | None) -> None:
    answer = httpx.get(url + REST, headers={} if header is None else {"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/json"
    assert answer.json().keys() == {"code", "message"}
    assert answer.json()["code"] == "UNAUTHORIZED"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_rest_is_read_only(url: str, method: str) -> None:
    assert get(url, method=method).status_code == 405


def test_rest_answers_head(url: str) -> None:
    answer = get(url, method="HEAD")
    assert (answer.status_code, answer.content) == (200, b"")


def test_rest_knows_a_user_before_the_socket_does(url: str) -> None:
    async def work() -> None:
        body = rest(url, "rest first")
        async with device(url, "rest first") as (_, connected):
            assert connected == body

    run(work)
