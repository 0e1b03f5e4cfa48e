"""Markup and escapes of a target are text in report.html, opened in Chromium, and on the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.hostile.certified import Certified, certify
from tests.hostile.of_markup import MARKUP
from tests.hostile.target import load_all
from tests.support.tools import program
from tests.whole.pages import PATIENCE

OWNED = "typeof owned === 'undefined' ? null : owned"

pytestmark = pytest.mark.timeout(0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("markup") / "reports"


@pytest.fixture(scope="module")
def certified(folder: Path) -> Certified:
    target = load_all()["says_markup_and_escapes_everywhere"]
    return certify(target, folder, "--examples=4", "-k", "REST or MESSAGE or CONN or ERROR")


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program("chromium", "chromium-browser"))
        page = chromium.new_page()
        page.set_default_timeout(PATIENCE)
        yield page
        chromium.close()


def test_nothing_that_a_terminal_obeys_gets_there(certified: Certified) -> None:
    assert not certified.broken, certified.output
    assert "owned" in certified.output


def test_no_script_of_the_target_runs_and_no_request_leaves(certified: Certified, folder: Path, page: Page) -> None:
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    report = (folder / "report.html").as_uri()
    page.goto(report)
    page.get_by_role("button", name="Open all").click()
    page.wait_for_load_state("networkidle")
    assert "<img src=x onerror=" in page.locator("body").inner_text()
    assert page.evaluate(OWNED) is None
    assert requests == [report]
    assert page.locator("a[href^='javascript:'], img[src=x], [onload], [onerror]").count() == 0


def test_unescaped_it_would_have_run(page: Page) -> None:
    page.set_content(f"<body>{MARKUP}</body>")
    page.wait_for_function(f"({OWNED}) !== null")
