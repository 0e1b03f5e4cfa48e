"""One saved run, judged again by the real command line: everything that a person or a script would read of it."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

from tests.faults.battery import SECRET, certify

OPTIONS = ("--hypothesis-seed=1", "-p", "no:html")
SAME = ("requirements", "observations", "summary", "verdict", "contradictions", "deaths", "restarts")
"""What a verdict says that does not depend on when and where it was given."""


_LINE = re.compile(r"^suites/\S+\.py:\d+: ")
"""Where pytest says that a judgement was skipped."""
AROUND, WIDTH = 40, 200
"""Characters of a text that differs: before the difference, and in all."""


def rejudged(run: Path, reports: Path) -> dict[str, Any]:
    """Exit code, verdict and the text of each failure of the run whose reports are in this folder. ``reports``: where
    the reports of judging it again go."""
    certified = certify(None, reports, f"--rejudge={run}", *OPTIONS, secret=SECRET)
    if not certified.verdict:
        return {"exit_code": certified.exit_code, "output": certified.output}
    said = {name: certified.verdict[name] for name in SAME if name in certified.verdict}
    return {"exit_code": certified.exit_code, **said, "failures": _failures(reports / "junit.xml")}


def _failures(junit: Path) -> dict[str, str]:
    """The text of each judgement that did not pass, by its test."""
    suite = ElementTree.parse(junit).getroot()  # noqa: S314  written by pytest a moment ago
    found = {}
    for case in suite.iter("testcase"):
        texts = [
            f"{one.tag}: {one.get('message')}\n{_LINE.sub('', one.text or '')}"
            for one in case
            if one.tag != "properties"
        ]
        tests = [one.get("value", "") for one in case.iter("property") if one.get("name") == "test"]
        if texts and tests:
            found[tests[0].replace("/", ".").replace(".py::", "::")] = "\n".join(texts)
    return found


def differences(was: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What reads otherwise, by name, for a person."""
    found = [name for name in sorted({*was, *now} - {"requirements", "failures"}) if was.get(name) != now.get(name)]
    before = {one["id"]: one for one in was.get("requirements", ())}
    after = {one["id"]: one for one in now.get("requirements", ())}
    found += [_reported(name, before.get(name), after.get(name)) for name in sorted({*before, *after})]
    texts = was.get("failures", {}), now.get("failures", {})
    found += [_reported(name, texts[0].get(name), texts[1].get(name)) for name in sorted({*texts[0], *texts[1]})]
    return [one for one in found if one]


def _reported(name: str, was: Any, now: Any) -> str:
    if was == now:
        return ""
    before, after = (json.dumps(one, ensure_ascii=False) for one in (was, now))
    begin = max(0, next((n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), 0) - AROUND)
    return f"{name}\n        was …{before[begin:][:WIDTH]}\n        is  …{after[begin:][:WIDTH]}"
