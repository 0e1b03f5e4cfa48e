"""What ``python -m conformance.docs ID`` prints: everything in the source that has to do with one requirement."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from conformance.maintenance import kill_matrix, source_map
from conformance.requirements import Requirement

_WIDTH = 110


def lines(one: Requirement) -> Iterator[str]:
    yield f"{one.id}   {one.level.upper()}   section {one.section}   {one.title}"
    yield from _wrapped(one.statement)
    yield from _wrapped(f"Reading: {one.reading}" if one.reading else "")
    yield from _wrapped(f"Not testable: {one.untestable}" if one.untestable else "")
    tests = source_map.tests(one.id)
    yield from _section("tests", [test.place for test in tests])
    whole_run = ["all of the run"] if any("everything" in test.arguments for test in tests) else []
    yield from _section("scenarios", [*(place for test in tests for place in source_map.scenarios(test)), *whole_run])
    yield from _section("judge functions", [place for test in tests for place in source_map.judges(test)])
    yield from _section("named by the harness", source_map.mentions(one.id))
    named = source_map.named_faults()
    killers = kill_matrix.killers(one.id) if kill_matrix.PAGE.exists() else []
    breaking = [server.place for server in source_map.faults() if one.id in server.breaks]
    places = {place.name: place for place in [*(named[name] for name in killers if name in named), *breaking]}
    yield from _section("faults", sorted(places.values()))
    also = [server.place for server in source_map.faults() if one.id in server.also]
    yield from _section("faults that may break it as well", also)
    yield from _section(
        "legal servers", [server.place for server in source_map.legal_servers() if one.id in server.also]
    )


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent="  ", subsequent_indent="  ")


def _section(name: str, places: Iterable[object]) -> Iterator[str]:
    found = list(dict.fromkeys(map(str, places)))
    if found:
        yield from (name, *(f"  {place}" for place in found))
