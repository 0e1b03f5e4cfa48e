"""A page in a browser, opened from a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.faults.battery import Certified
from tests.whole.conftest import Written

PATIENCE = 300_000
"""Milliseconds, for whatever must come: far beyond what a machine takes that is busy with other things."""


@dataclass(frozen=True)
class Opened:
    """A page, and what it asked for and complained of while it was used."""

    page: Page
    certified: Certified
    file: Path
    requests: list[str]
    complaints: list[str]


def opened(browser: Browser, one: Written) -> Iterator[Opened]:
    """Whatever a test does, the page asks for nothing and complains of nothing."""
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    made = Opened(page, one.certified, one.file, [], [])
    page.on("request", lambda request: made.requests.append(request.url))
    page.on("console", lambda message: made.complaints.append(message.text))
    page.on("pageerror", lambda error: made.complaints.append(str(error)))
    page.goto(one.file.as_uri())
    yield made
    page.close()
    assert made.requests == [one.file.as_uri()]
    assert made.complaints == []
