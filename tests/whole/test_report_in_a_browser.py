"""report.html as a person meets it: opened from a file in headless Chromium, for a passing and a failing run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.faults.battery import SECRET
from tests.support.tools import program
from tests.whole.conftest import Whole
from tests.whole.pages import Opened, opened

LARGEST = 2_000_000
"""Bytes of a page that opens on a phone, too."""
OPEN = "#results-table tbody:has(button[aria-expanded=true])"
SHOWN = "#results-table tbody:visible"
PHONE = {"width": 390, "height": 844}
MAY_BE_MISSED = "OBS-EXPIRY"
"""What nobody sees on a machine so busy that a token of two seconds has expired before its device is let in."""

pytestmark = pytest.mark.timeout(0)  # two whole certifications come first


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = program("chromium", "chromium-browser")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path)
        yield chromium
        chromium.close()


@pytest.fixture(params=["embedded", "broken"])
def either(request: pytest.FixtureRequest, browser: Browser, whole: Whole) -> Iterator[Opened]:
    yield from opened(browser, whole[request.param])


@pytest.fixture
def passing(browser: Browser, whole: Whole) -> Iterator[Opened]:
    yield from opened(browser, whole["embedded"])


@pytest.fixture
def failing(browser: Browser, whole: Whole) -> Iterator[Opened]:
    yield from opened(browser, whole["broken"])


def requirements(page: Page, rows: str) -> list[str]:
    """The first requirement of each of these rows."""
    return [name.split()[0] for name in page.locator(rows).locator("td:nth-of-type(3)").all_inner_texts()]


def results(page: Page) -> set[str]:
    return set(page.locator(f"{SHOWN} .collapsible button").all_inner_texts())


# -- the page as a whole ---------------------------------------------------------------------------------------------


def test_it_is_one_small_file(either: Opened) -> None:
    assert either.file.stat().st_size < LARGEST
    assert {path.name for path in either.file.parent.iterdir()} >= {"verdict.json", "report.html", "junit.xml"}
    assert not (either.file.parent / "assets").exists()
    text = either.file.read_text(encoding="utf-8")
    assert SECRET not in text
    assert not re.search(r"(src|href)=[\"']?(https?:)?//(?!pypi)", text)


def test_it_says_first_whether_one_may_ship(either: Opened) -> None:
    verdict = either.certified.verdict
    page = either.page
    expect(page).to_have_title(
        f"Help Center conformance of {verdict['target']}: {verdict['verdict']}, {verdict['started'][:10]}"
    )
    expect(page.locator(".verdict .word")).to_be_in_viewport()
    expect(page.locator(".verdict .word")).to_have_text(verdict["verdict"].capitalize())
    answer = {"conformant": "May we ship? Yes: every MUST holds.", "non-conformant": "May we ship? No: "}
    assert page.locator(".ship").inner_text().startswith(answer[verdict["verdict"]])
    counts = page.locator(".level").first.inner_text()
    assert f"{verdict['summary']['must']['passed']} passed" in counts


def test_the_facts_stand_on_it(either: Opened) -> None:
    facts = either.page.locator(".facts").inner_text()
    assert all(str(either.certified.verdict[name]) in facts for name in ("target", "harness", "document", "seed"))
    expect(either.page.locator(".observations li")).to_have_count(len(either.certified.verdict["observations"]))


def test_a_screen_reader_finds_its_way(either: Opened) -> None:
    page = either.page
    assert page.locator("html").get_attribute("lang") == "en"
    levels = page.locator(":is(h1, h2, h3):visible").evaluate_all("all => all.map(one => Number(one.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    for role in ("main", "search", "contentinfo"):
        expect(page.get_by_role(role)).to_have_count(1)
    expect(page.get_by_role("table", name="All judgements")).to_have_count(1)
    heads = page.locator("#results-table thead th, .findings thead th")
    assert set(heads.evaluate_all("all => all.map(one => one.scope)")) == {"col"}
    fields = page.locator("#find :is(input, select)")
    assert all(fields.evaluate_all("all => all.map(one => one.labels.length === 1)"))
    assert all(name.strip() for name in page.locator("button:visible").all_inner_texts())


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_in_the_light_and_in_the_dark(failing: Opened, scheme: str) -> None:
    failing.page.emulate_media(color_scheme=scheme)
    cells = [f"td.{ended} button" for ended in ("failed", "advice", "unverified", "passed", "observed")]
    drawn = [".wire svg text", ".wire svg .at", ".wire svg .marked text", ".wire figcaption"]
    ratios = failing.page.evaluate(_CONTRASTS, [".word", ".ship", "a", ".observations small", "pre", *cells, *drawn])
    assert {name: ratio for name, ratio in ratios.items() if ratio < 4.5} == {}
    assert (failing.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)") == (
        scheme == "light"
    )


_CONTRASTS = """selectors => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (rgb) => rgb.slice(0, 3).map((part) => part / 255)
    .map((part) => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const ground = (one) => {
    for (; one; one = one.parentElement) {
      const colour = parse(getComputedStyle(one).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  return Object.fromEntries(selectors.flatMap((selector) => {
    const one = document.querySelector(selector);
    if (!one) return [];
    const style = getComputedStyle(one);
    const marked = one.closest(".marked") && document.querySelector(".wire svg .hit");
    const under = light(marked ? parse(getComputedStyle(marked).fill) : ground(one));
    const over = light(parse(one.closest("svg") ? style.fill : style.color));
    return [[selector, (Math.max(under, over) + 0.05) / (Math.min(under, over) + 0.05)]];
  }));
}"""


def test_nothing_is_wider_than_a_phone(either: Opened) -> None:
    either.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert either.page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    expect(either.page.locator(".verdict .ship")).to_be_in_viewport()


# -- passing ---------------------------------------------------------------------------------------------------------


def test_a_passing_run_has_nothing_open(passing: Opened) -> None:
    assert passing.certified.exit_code == 0, passing.certified.output[-3000:]
    expect(passing.page.locator(OPEN)).to_have_count(0)
    expect(passing.page.locator(".broken")).to_have_count(0)
    page = passing.page
    others = page.locator(SHOWN).filter(has_not=page.locator("button", has_text=re.compile("^(Passed|Observed)$")))
    left = [row for row in others.all_inner_texts() if not row.startswith(f"Unverified\t{MAY_BE_MISSED} ")]
    assert left == []
    assert results(page) - {"Unverified"} == {"Passed", "Observed"}


def test_a_passed_row_opens_to_what_was_asked(passing: Opened) -> None:
    page = passing.page
    row = page.locator(f"{SHOWN}:has-text('SEND-TRIM')").first
    row.locator("td:visible").nth(1).click()
    expect(row.locator(".log")).to_be_visible()
    assert row.locator(".log").inner_text().strip()
    row.locator("td:visible").nth(2).click()
    expect(row.locator(".log")).to_be_hidden()


# -- failing ---------------------------------------------------------------------------------------------------------


def test_many_things_are_broken_and_each_link_leads_to_its_failure(failing: Opened) -> None:
    page, failed = failing.page, failing.certified.failed
    assert len(failed) >= 15, failed
    links = page.locator(".broken a")
    names = links.all_inner_texts()
    must = {one["id"] for one in failing.certified.verdict["requirements"] if one["level"] == "must"}
    assert set(names) == failed & must
    page.get_by_role("button", name="Close all").click()
    for place, name in enumerate(names):
        links.nth(place).click()
        row = page.locator("tbody.sought")
        expect(row.locator(".collapsible b", has_text=name)).to_be_in_viewport()
        expect(row.locator(".collapsible button")).to_be_focused()
        text = row.locator("pre").inner_text()
        assert text.startswith(f"{name} ")
        assert all(f"\n  {word} " in text for word in ("Expected", "Actual", "Again"))
        assert f"-k {name}" in text


def test_the_first_failure_of_each_requirement_is_open_and_drawn(failing: Opened) -> None:
    page = failing.page
    names = requirements(page, OPEN)
    assert len(names) == len(set(names)) == page.locator(".broken a").count()
    assert results(page) >= {"Failed", "Advice", "Unverified", "Passed", "Observed"}
    drawings = page.locator(f"{OPEN} svg[role=img]")
    assert drawings.count() == len(names)
    for drawing in drawings.all():
        assert (drawing.get_attribute("aria-label") or "").startswith("Sequence diagram of ")
        assert drawing.locator("path:not(.life)").count() > 0
        assert drawing.locator(".marked text", has_text="▶").count() == drawing.locator("rect.hit").count()
    assert drawings.locator("rect.hit").count() >= len(names)


def test_advice_opens_to_its_failure_text_too(failing: Opened) -> None:
    row = failing.page.locator(f"{SHOWN}:has(td.advice)").first
    expect(row.locator("pre")).to_be_hidden()
    row.get_by_role("button").press("Enter")
    expect(row.locator("pre")).to_contain_text("Expected")
    expect(row.locator("svg[role=img]")).to_be_visible()
    row.get_by_role("button").press("Space")
    expect(row.locator("pre")).to_be_hidden()
    expect(row.get_by_role("button")).to_be_focused()


# -- finding ---------------------------------------------------------------------------------------------------------


def test_words_filter_by_requirement_and_by_title(failing: Opened) -> None:
    page = failing.page
    everything = page.locator(SHOWN).count()
    page.get_by_label("Search").fill("send-trim")
    assert set(requirements(page, SHOWN)) == {"SEND-TRIM"}
    shown = page.locator(SHOWN).count()
    expect(page.locator("#find output")).to_have_text(f"{shown} of {everything} judgements")
    page.get_by_label("Search").fill("White  SPACE trimmed")
    assert "SEND-TRIM" in requirements(page, SHOWN)
    page.get_by_label("Search").fill("no such thing")
    expect(page.locator(SHOWN)).to_have_count(0)
    page.get_by_label("Search").fill("")
    expect(page.locator(SHOWN)).to_have_count(everything)


def test_level_and_result_filter(failing: Opened) -> None:
    page = failing.page
    page.get_by_label("Level").select_option("SHOULD")
    assert set(page.locator(f"{SHOWN} td:nth-of-type(4)").all_inner_texts()) == {"SHOULD"}
    page.get_by_label("Level").select_option("all")
    for box in page.locator("#find input[type=checkbox]:not([value=failed])").all():
        box.uncheck()
    assert results(page) == {"Failed"}
    count = page.locator(SHOWN).count()
    assert page.locator("#find label", has_text="Failed").inner_text().strip() == f"Failed ({count})"


def test_a_link_finds_a_row_that_was_filtered_away(failing: Opened) -> None:
    failing.page.get_by_label("Search").fill("no such thing")
    failing.page.locator(".broken a", has_text="SEND-TRIM").click()
    expect(failing.page.locator("tbody.sought")).to_be_in_viewport()


def test_columns_sort_by_what_they_mean(failing: Opened) -> None:
    page = failing.page
    worst_first = ["Failed", "Advice", "Unverified", "Passed", "Observed"]
    assert list(dict.fromkeys(page.locator(".collapsible button").all_inner_texts())) == worst_first
    table = page.get_by_role("table", name="All judgements")
    head = table.get_by_role("columnheader", name="Section")
    head.get_by_role("button").press("Enter")
    expect(head).to_have_attribute("aria-sort", "ascending")
    expect(head.get_by_role("button")).to_be_focused()
    sections = page.locator(f"{SHOWN} td:nth-of-type(5)").all_inner_texts()
    assert sections == sorted(sections, key=lambda text: [int(part) for part in text.split(".")])
    head.click()
    expect(head).to_have_attribute("aria-sort", "descending")
    assert page.locator(f"{SHOWN} td:nth-of-type(5)").all_inner_texts() == sorted(
        sections, key=lambda text: [int(part) for part in text.split(".")], reverse=True
    )
    table.get_by_role("columnheader", name="Level").click()
    levels = page.locator(f"{SHOWN} td:nth-of-type(4)").all_inner_texts()
    assert list(dict.fromkeys(levels)) == ["MUST", "SHOULD", "OBSERVATION"]


# -- in print --------------------------------------------------------------------------------------------------------


def test_print_shows_failures_whatever_is_closed_and_no_controls(failing: Opened) -> None:
    page = failing.page
    page.get_by_role("button", name="Close all").click()
    expect(page.locator("#results-table pre:visible")).to_have_count(0)
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.locator("#results-table pre:visible")).to_have_count(page.locator(".broken a").count())
    expect(page.locator("#find")).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
