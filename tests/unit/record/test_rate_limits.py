"""How long a target asks to wait by its Retry-After header, whatever it writes there."""

from __future__ import annotations

import pytest

from conformance.record.rate_limits import retry_after

DATE = "Mon, 01 Jan 2024 00:00:00 GMT"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("2", 2.0), ("0.5", 0.5), ("Mon, 01 Jan 2024 00:00:30 GMT", 30.0), ("Sun, 31 Dec 2023 23:59:59 GMT", 0.0)],
)
def test_a_number_of_seconds_or_a_date(value: str, seconds: float) -> None:
    assert retry_after({"retry-after": value, "Date": DATE}) == seconds


@pytest.mark.parametrize(
    "value",
    [
        "",
        "soon",
        "-1",
        "nan",
        "9" * 400,
        "\udcff",
        "Mon, 01 Jan 2024 00:00:00 +99999999999999",
        "Fri, 31 Dec 9999 23:59:59 -0000",
    ],
)
def test_anything_else_asks_for_nothing(value: str) -> None:
    assert retry_after({"Retry-After": value}) is None


def test_a_date_header_that_is_not_one_is_not_looked_at() -> None:
    asked = retry_after(
        {"Retry-After": "Mon, 01 Jan 2024 00:00:30 GMT", "Date": "Mon, 01 Jan 2024 00:00:00 +9999999999"}
    )
    assert asked == 0.0
