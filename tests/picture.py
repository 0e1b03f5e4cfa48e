"""``python -m tests.picture``: the pictures of README.md, of a report that says what is broken, by day and by night."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import sync_playwright

from tests.faults.battery import ROOT, certify_fault
from tests.faults.fault import load_all
from tests.support.tools import program

BROKEN = "AcceptsEmpty"
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SIZE = {"width": 1100, "height": 760}


def main() -> None:
    """Certify a broken server, and take the top of its report into docs/pictures."""
    pictures = ROOT / "docs" / "pictures"
    pictures.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        certify_fault(load_all()[BROKEN], Path(folder))
        report = Path(folder) / "report.html"
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program("chromium", "chromium-browser"))
            for scheme in SCHEMES:
                page = browser.new_page(viewport=SIZE, color_scheme=scheme)
                page.goto(report.as_uri())
                page.screenshot(path=pictures / f"report-{scheme}.png")
            browser.close()


if __name__ == "__main__":
    main()
