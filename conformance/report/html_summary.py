"""The top of report.html: may we ship, what is broken, how the server behaves where the document is silent."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from conformance.formatting import cut, printable
from conformance.report.outcome import Status
from conformance.report.terminal import WORDS, counts
from conformance.report.verdict import Finding, Result, Verdict
from conformance.requirements import Level

_JUDGED = (Level.MUST, Level.SHOULD)
_LONGEST = 300
"""Characters of a reason; the row that it links to has all of it."""
_WORST_FIRST = (Status.ERROR, Status.FAILED, Status.WAIVED, Status.UNVERIFIED, Status.PASSED)
_FACTS = {"document": "Document (SHA-256)", "harness": "Harness version", "seconds": "Duration in seconds"}


def title(result: Result) -> str:
    """Of the window, the file and the printed page: target, verdict and date."""
    day = str(result.facts.get("started", "")).partition("T")[0]
    return printable(f"Help Center conformance of {result.facts.get('target')}: {result.verdict}, {day}")


def anchor(status: Status, requirement: str) -> str:
    """The fragment of the first row with which a requirement ended so."""
    return f"{status}-{requirement}"


def head(result: Result, notes: Sequence[str] = ()) -> Iterator[str]:
    """The summary as HTML. ``notes`` are further lines that belong to the verdict."""
    yield f'<section class="verdict {result.verdict}" aria-label="Verdict">'
    yield f"<p class=word>{str(result.verdict).capitalize()}</p>"
    yield f"<p class=ship><b>May we ship?</b> {_text(_answer(result))}</p>"
    yield "".join(_bar(result, level) for level in _JUDGED)
    if broken := [*result.of(Level.MUST, Status.ERROR), *result.of(Level.MUST, Status.FAILED)]:
        yield f"<p class=broken><b>Broken:</b> {', '.join(map(_link, broken))}</p>"
    gone = [f"The target {result.gone}; what was not judged by then is unverified."] if result.gone else []
    yield "".join(f"<p class=note>{_text(note)}</p>" for note in [*gone, *notes]) + "</section>"
    yield from _table("Errors of the harness: please report them", result, Status.ERROR, _JUDGED)
    yield from _table("Failed: ruled out by the document", result, Status.FAILED, [Level.MUST])
    yield from _unverified(result)
    yield from _table("Advice: the document suggests otherwise", result, Status.FAILED, [Level.SHOULD])
    yield from _table("Waived: known failures, each until a day", result, Status.WAIVED, _JUDGED)
    yield f"<h3>What was certified</h3>{_facts(result.facts)}"
    yield from _observations(result)


def _answer(result: Result) -> str:
    failed, unverified, waived = (
        len(result.of(Level.MUST, status)) for status in (Status.FAILED, Status.UNVERIFIED, Status.WAIVED)
    )
    unknown = f", {unverified} could not be checked" if unverified else ""
    words = {
        Verdict.NON_CONFORMANT: f"No: {_are(failed, 'fails', 'fail')}{unknown}.",
        Verdict.CONFORMANT: "Yes: every MUST holds" + (f", but for {waived} waived." if waived else "."),
        Verdict.INCOMPLETE: f"Not yet: nothing failed, but {_are(unverified, 'was', 'were')} not verified.",
    }
    so_far = f" {_are(failed, 'fails', 'fail')}." if failed else ""
    return words.get(result.verdict) or f"Nobody can say: {WORDS[result.verdict]}.{so_far}"


def _are(number: int, one: str, many: str) -> str:
    return f"{number} MUST {f'requirement {one}' if number == 1 else f'requirements {many}'}"


def _bar(result: Result, level: Level) -> str:
    """How many of a level ended how, in words and as a bar that only repeats them."""
    shares = [(status, len(result.of(level, status))) for status in _WORST_FIRST]
    kinds = {Status.FAILED: "advice"} if level is Level.SHOULD else {}
    parts = "".join(
        f'<i class="{kinds.get(status, status)}" style="flex-grow:{number}"></i>' for status, number in shares if number
    )
    return (
        f"<div class=level><b>{level.upper()}</b> <span>{counts(result, level)}</span>"
        f"<div class=bar aria-hidden=true>{parts}</div></div>"
    )


# -- findings ------------------------------------------------------------------------------------------------------


def _table(name: str, result: Result, status: Status, levels: Sequence[Level]) -> Iterator[str]:
    found = [finding for level in levels for finding in result.of(level, status)]
    if found:
        columns = "".join(f"<th scope=col>{word}</th>" for word in ("Requirement", "Level", "Section", "What happened"))
        rows = "".join(map(_row, found))
        yield f"<h3>{name}</h3><table class=findings><thead><tr>{columns}</tr></thead><tbody>{rows}</tbody></table>"


def _row(finding: Finding) -> str:
    one = finding.requirement
    told = f"<b>{_text(one.title)}</b><br>{_text(cut(finding.reason, _LONGEST))}"
    return f"<tr><th scope=row>{_link(finding)}</th><td>{one.level.upper()}<td>{_text(one.section)}<td>{told}</tr>"


def _link(finding: Finding) -> str:
    name = finding.requirement.id
    return f'<a href="#{anchor(finding.status, name)}">{_text(name)}</a>'


def _unverified(result: Result) -> Iterator[str]:
    """By reason, for a few reasons cover many requirements: first those that say what to pass, then those that only
    follow from a failure."""
    reasons: dict[str, list[Finding]] = {}
    for level in _JUDGED:
        for finding in result.of(level, Status.UNVERIFIED):
            reasons.setdefault(finding.reason, []).append(finding)
    if reasons:
        items = "".join(
            f"<dt>{_text(cut(reason, _LONGEST))}</dt><dd>{', '.join(map(_link, found))}</dd>"
            for reason, found in sorted(reasons.items(), key=lambda item: ("pass --" not in item[0], -len(item[1])))
        )
        yield f"<h3>Unverified: could not be checked, and why</h3><dl class=unverified>{items}</dl>"


def _observations(result: Result) -> Iterator[str]:
    if result.observations:
        said = "".join(f"<li>{_text(one.says)} <small>{_text(one.id)}</small></li>" for one in result.observations)
        yield f"<h3>Where the document is silent, this server …</h3><ul class=observations>{said}</ul>"


# -- facts ---------------------------------------------------------------------------------------------------------


def _facts(facts: Mapping[str, Any]) -> str:
    rows = "".join(
        f"<tr><th scope=row>{_text(_FACTS.get(name, _words(name)))}</th><td>{_value(value)}</td></tr>"
        for name, value in facts.items()
    )
    return f"<table class=facts>{rows}</table>"


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "".join(f"<div>{_text(_words(name))}: {_value(inner)}</div>" for name, inner in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(map(_value, value)) or "none"
    return _text({True: "yes", False: "no", None: "none"}.get(value, str(value)) if _is_word(value) else str(value))


def _is_word(value: Any) -> bool:
    return value is None or isinstance(value, bool)


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _text(text: str) -> str:
    return html.escape(printable(text))
