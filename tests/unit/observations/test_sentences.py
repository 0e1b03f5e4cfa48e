"""What an observation says of what was seen."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.observations import run
from conformance.observations.experiments import support
from conformance.protocol import MESSAGE, SUPPORT
from conformance.record.views import Everything, Record
from tests.support.handmade import Handmade, message


@pytest.mark.parametrize(
    ("body", "said"), [({}, "an empty JSON object"), ({"error": 1, "at": 2}, "JSON with at, error"), ([], "JSON that")]
)
def test_how_rest_refuses(body: Any, said: str) -> None:
    made = Handmade()
    made.fetches(body, status=401, good=False, token="expired")
    assert run.rest_refusals(Everything([made.record])).value.startswith(f"HTTP 401 and {said}")


def _chat(*, tag: str, replied: bool) -> Record:
    made = Handmade()
    made.opens()
    made.greeted()
    made.says(tag=tag)
    if replied:
        made.event(MESSAGE, message("Thank you", id="s1", sender=SUPPORT))
    return made.record


@pytest.mark.parametrize("elsewhere", [True, False])
def test_support_that_is_too_late_for_the_experiment_may_be_heard_elsewhere(elsewhere: bool) -> None:
    alone = _chat(tag="alone", replied=False)
    seen = support(alone, [alone, _chat(tag="text", replied=elsewhere)])
    later = "; elsewhere in the run support was heard 0.0 s after a text" if elsewhere else ""
    assert tuple(seen) == ("none", f"no reply of support came within 2 s{later}")
