"""The wire record around a failure as a sequence diagram: inline SVG, drawn in the colours of the page it stands on."""

from __future__ import annotations

import html
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from conformance.formatting import cut, printable
from conformance.record.transcript import Transcript, file_name
from conformance.report.trace import RECEIVED, SENT, Excerpt, TraceLine, excerpt, participants

# all lengths in CSS pixels; the page's style sheet sets the font that ``_CHARACTER`` is the width of
_CHARACTER = 7.25
_TIMES = 68
"""Where the column of marks and times ends."""
_LANE = 84
"""Between the lifelines of two connections."""
_FEWEST, _MOST = 24, 66
"""Characters of a label, which stands between the last connection and the server: every arrow passes there."""
_SERVER = 34
"""Half of the server's box, and the margin right of its lifeline."""
_HEAD = 30
_ROW = 28
_NAME = 10
"""Characters of a connection's name."""

MARK = "▶"
"""Stands before the lines that a failure points at: colour alone does not show in print."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """Where everything stands."""

    lanes: dict[str, int]
    gap: int
    """Where the labels begin."""
    server: int
    height: int


def figure(transcript: Transcript, at: Collection[int] = ()) -> str:
    """The excerpt of ``trace`` as a figure on one line of HTML; nothing for an empty record."""
    part = excerpt(transcript, at)
    if not part.lines:
        return ""
    legend = f"{MARK} look here · " if any(line.marked for line in part.lines) else ""
    caption = f"{legend}seconds since the scenario began · all of it: transcripts/{file_name(transcript.key)}.jsonl"
    return (
        f"<figure class='wire'><div tabindex='0'>{svg(part, _summary(transcript, part))}</div>"
        f"<figcaption>{html.escape(printable(caption))}</figcaption></figure>"
    )


def svg(part: Excerpt, label: str) -> str:
    """The drawing; ``label`` is what a screen reader says of it."""
    plan = _plan(part)
    width = plan.server + _SERVER + 2
    drawn = "".join([*_bands(part, width), *_lifelines(part, plan), *_rows(part, plan)])
    return (
        f"<svg role='img' aria-label='{_text(label)}' width='{width}' height='{plan.height}' "
        f"viewBox='0 0 {width} {plan.height}'>{drawn}</svg>"
    )


def _summary(transcript: Transcript, part: Excerpt) -> str:
    marked = [_label(line) for line in part.lines if line.marked]
    here = f"; look here: {'; '.join(marked)}" if marked else ""
    who = participants(transcript) or "no device"
    return f"Sequence diagram of {transcript.key}: {who} and the server, {len(part.lines)} entries{here}"


def _plan(part: Excerpt) -> _Plan:
    seen = {line.lane for line in part.lines}
    voices = [name for name in part.lanes if name in seen]
    lanes = {name: _TIMES + _LANE // 2 + number * _LANE for number, name in enumerate(voices)}
    gap = max(lanes.values(), default=_TIMES) + 10
    longest = max(len(_label(line)) for line in part.lines)
    server = gap + round(max(longest, _FEWEST) * _CHARACTER) + 14
    gaps = sum(1 for line in part.lines if line.skipped) + bool(part.later)
    return _Plan(lanes, gap, server, _HEAD + _ROW * (len(part.lines) + gaps) + 8)


def _places(part: Excerpt) -> Iterator[tuple[TraceLine, int]]:
    """Each line with the top of its row; a row before it stays free where entries are left out."""
    y = _HEAD
    for line in part.lines:
        y += _ROW if line.skipped else 0
        yield line, y
        y += _ROW


def _bands(part: Excerpt, width: int) -> Iterator[str]:
    """What is marked has another ground."""
    for line, y in _places(part):
        if line.marked:
            yield f"<rect class='hit' x='0' y='{y + 1}' width='{width}' height='{_ROW - 1}'/>"


def _lifelines(part: Excerpt, plan: _Plan) -> Iterator[str]:
    """A box for everyone, and a line down from it that is broken where entries are left out."""
    spans = _spans(part, plan.height)
    for name, x in [*plan.lanes.items(), ("server", plan.server)]:
        down = "".join(f"M{x} {top}V{bottom}" for top, bottom in spans)
        half = _SERVER if name == "server" else _LANE // 2 - 3
        yield f"<rect class='box' x='{x - half}' y='3' width='{2 * half}' height='20' rx='4'/>"
        yield f"<text class='name' x='{x}' y='17'>{_text(cut(name, _NAME))}</text><path class='life' d='{down}'/>"


def _spans(part: Excerpt, height: int) -> list[tuple[int, int]]:
    spans, top = [], 23
    for line, y in _places(part):
        if line.skipped:
            spans.append((top, y - _ROW + 4))
            top = y - 4
    return [*spans, (top, height - _ROW - 4 if part.later else height)]


def _rows(part: Excerpt, plan: _Plan) -> Iterator[str]:
    for line, y in _places(part):
        if line.skipped:
            yield _gap(line.skipped, plan, y - _ROW)
        row = "".join(_row(line, plan, y + _ROW - 6))
        yield f"<g class='marked'><text x='3' y='{y + _ROW - 8}'>{MARK}</text>{row}</g>" if line.marked else row
    if part.later:
        yield _gap(part.later, plan, plan.height - _ROW - 8)


def _gap(number: int, plan: _Plan, y: int) -> str:
    return f"<text class='gap' x='{plan.gap}' y='{y + 18}'>⋮ {number:,} more</text>"


def _row(line: TraceLine, plan: _Plan, y: int) -> Iterator[str]:
    yield f"<text class='at' x='{_TIMES - 8}' y='{y - 2}'>{line.at:.3f}</text>"
    yield f"<text x='{plan.gap}' y='{y - 6}'>{_text(_label(line))}</text>"
    yield _stroke(line, plan.lanes.get(line.lane), plan, y)


def _stroke(line: TraceLine, lane: int | None, plan: _Plan, y: int) -> str:
    """An arrow for what crossed the wire, another stroke for what happened without a packet."""
    server = plan.server
    if lane is None:
        return f"<path class='dotted' d='M{plan.gap} {y}H{server}'/>"
    if line.label.sign == "x":
        return f"<path class='dotted' d='M{lane} {y}H{server}'/><path d='M{lane - 5} {y - 5}l10 10m0-10l-10 10'/>"
    if line.label.sign == "!":
        return f"<path class='dotted' d='M{lane} {y}H{server}'/><circle cx='{lane}' cy='{y}' r='5'/>"
    there = f"M{server - 7} {y - 4}l7 4-7 4" if line.label.sign != RECEIVED else ""
    back = f"M{lane + 7} {y - 4}l-7 4 7 4" if line.label.sign != SENT else ""
    return f"<path d='M{lane} {y}H{server}{there}{back}'/>"


def _label(line: TraceLine) -> str:
    words: Sequence[str] = (line.label.what, line.label.details)
    return cut(printable("  ".join(word for word in words if word)), _MOST)


def _text(text: str) -> str:
    return html.escape(printable(text))
