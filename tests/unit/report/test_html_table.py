"""What report.html says: the summary for every verdict, and each row of the table."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from conformance.report.failure import FailureReport
from conformance.report.html_table import Report, html_summary, kind_of
from conformance.report.naming import judgement
from conformance.report.outcome import Outcome, OutcomeKind, Status, put
from conformance.report.verdict import Finding, Observation, Result
from conformance.requirements import Level, Profile, catalogue

FACTS = {"target": "http://127.0.0.1:3000", "harness": "1.2.3", "started": "2026-01-31T10:00:00+00:00", "seed": 7}


def finding(name: str, status: Status, reason: str = "because") -> Finding:
    return Finding(catalogue()[name], status, ["suites/test_x.py::test_x"], reason)


def result(*findings: Finding, **more: Any) -> Result:
    return Result(findings or [finding("SEND-TRIM", Status.PASSED)], **{"facts": FACTS, **more})


def headed(shown: Result, *notes: str) -> str:
    return "".join(html_summary.head(shown, notes))


FAILED = finding("SEND-TRIM", Status.FAILED, "expected <b>; got & more")
PASSED = finding("SEND-MAX", Status.PASSED, "")
UNVERIFIED = finding("AUTH-EXPIRED", Status.UNVERIFIED, "pass --jwt-secret")
ERROR = finding("SEND-MIN", Status.ERROR, "error of the harness: KeyError")
WAIVER = finding("SEND-BLANK", Status.WAIVED, "fixed soon (until 2030-01-31); expected a; got b")
ADVISED = finding("DEVICE-COEXIST", Status.FAILED, "expected more; got less")


@pytest.mark.parametrize(
    ("target", "verified", "said"),
    [("http://a", True, "no TLS (http)"), ("https://a", True, "yes"), ("https://a", False, "no")],
)
def test_a_certificate_is_verified_only_where_there_is_one(target: str, verified: bool, said: str) -> None:
    facts = {**FACTS, "target": target, "options": {"certificate_verified": verified}}
    assert f"Certificate verified: {said}" in headed(result(PASSED, facts=facts))


# -- the summary -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shown", "answer"),
    [
        (result(PASSED), "Yes: every MUST holds."),
        (result(PASSED, ADVISED), "Yes: every MUST holds."),
        (result(PASSED, WAIVER), "Yes, but for 1 waived."),
        (result(PASSED, FAILED), "No: 1 MUST requirement fails."),
        (
            result(FAILED, finding("SEND-MAX", Status.FAILED), UNVERIFIED),
            "No: 2 MUST requirements fail, 1 could not be checked.",
        ),
        (result(PASSED, UNVERIFIED), "Not yet: nothing failed, but 1 MUST requirement was not verified."),
        (result(PASSED, complete=False), "Unknown: a selection was judged: no verdict is claimed."),
        (
            result(FAILED, complete=False),
            "Unknown: a selection was judged: no verdict is claimed. 1 MUST requirement fails.",
        ),
        (result(PASSED, interrupted=True), "Unknown: this is what was judged until then."),
        (result(PASSED, ERROR), "Unknown: the harness itself erred: no verdict on the server."),
    ],
    ids=[
        "conformant",
        "advice",
        "waived",
        "one",
        "two",
        "incomplete",
        "partial",
        "partial-failed",
        "interrupted",
        "error",
    ],
)
def test_may_we_ship(shown: Result, answer: str) -> None:
    assert f"<b>May we ship?</b> {answer}</p>" in headed(shown)


def test_a_stale_waiver_is_to_be_deleted() -> None:
    reported = "SEND-MAX passes: delete its waiver, which fails the run until then."
    assert f"<p class=note>{reported}</p>" in headed(result(PASSED, stale=["SEND-MAX"]))


def test_the_title_names_target_verdict_and_date() -> None:
    assert html_summary.title(result(FAILED)) == (
        "Help Center conformance of http://127.0.0.1:3000: non-conformant, 2026-01-31"
    )


def test_what_the_run_cost_the_target_is_listed() -> None:
    spent = {"devices_at_once": 3, "connections": 1_200, "bytes_sent": 5}
    text = headed(result(PASSED, facts={**FACTS, "cost": spent}))
    assert "<th scope=row>What the run cost the target</th>" in text
    assert "<div>Devices at once: 3</div><div>Connections: 1200</div><div>Bytes sent: 5</div>" in text


def test_the_quick_profile_is_named_and_gives_no_verdict() -> None:
    quick = result(PASSED, profile=Profile.QUICK)
    assert html_summary.title(quick).endswith(": partial (quick profile), 2026-01-31")
    assert "<p class=word>Partial (quick profile)</p>" in headed(quick)
    assert "Unknown: every MUST once, without searches: no verdict is claimed." in headed(quick)


def test_what_is_broken_comes_first_and_each_group_has_its_heading() -> None:
    text = headed(result(ADVISED, WAIVER, UNVERIFIED, FAILED, ERROR, PASSED))
    headings = [part.partition("</h3>")[0] for part in text.split("<h3>")[1:]]
    assert headings == [
        "Errors of the harness: please report them",
        "Failed: ruled out by the document",
        "Unverified: could not be checked, and why",
        "Advice: the document suggests otherwise",
        "Waived: accepted for now, each until a day",
        "What was certified",
    ]
    assert (
        '<b>Broken:</b> <a href="#error-SEND-MIN">SEND-MIN</a>, <a href="#failed-SEND-TRIM">SEND-TRIM</a></p>' in text
    )
    assert "fixed soon (until 2030-01-31)" in text
    assert "expected &lt;b&gt;; got &amp; more" in text


def test_one_reason_stands_once_for_all_that_it_keeps_from_being_checked() -> None:
    other = finding("REST-EXPIRY", Status.UNVERIFIED, "pass --jwt-secret")
    followed = [finding(name, Status.UNVERIFIED, "see SEND-PLAIN") for name in ("SEND-MAX", "SEND-MIN", "SEND-TRIM")]
    text = headed(result(*followed, UNVERIFIED, other))
    assert text.count("pass --jwt-secret") == 1
    assert text.index("pass --jwt-secret") < text.index("see SEND-PLAIN")  # what one can do oneself comes first
    assert '<a href="#unverified-AUTH-EXPIRED">AUTH-EXPIRED</a>, <a href="#unverified-REST-EXPIRY">' in text


def test_a_long_reason_is_cut() -> None:
    assert "x" * 300 + "…" in headed(result(finding("SEND-TRIM", Status.FAILED, "x" * 1000)))


def test_observations_are_a_list() -> None:
    one = Observation("OBS-TRIM", "4.5", "some", "trims <some>")
    assert "<li>trims &lt;some&gt; <small>OBS-TRIM</small></li>" in headed(result(observations=[one]))


def test_notes_and_a_target_that_went_away_belong_to_the_verdict() -> None:
    text = headed(result(UNVERIFIED, gone="stopped answering after 3 s"), "a <note>")
    assert (
        "<p class=note>The target stopped answering after 3 s; what was not judged by then is unverified.</p>" in text
    )
    assert "<p class=note>a &lt;note&gt;</p></section>" in text


def test_facts_of_any_kind_are_shown() -> None:
    digests = {"requirement_set": "abc", "schemas": None}
    text = headed(result(facts={**FACTS, "document": "ff", "digests": digests, "users": ["a", "<b>"], "wait": False}))
    table = text.partition("<table class=facts>")[2]
    assert "<th scope=row>Document (SHA-256)</th><td>ff</td>" in table
    assert "<th scope=row>Digests</th><td><div>Requirement set: abc</div><div>Schemas: none</div></td>" in table
    assert "<th scope=row>Users</th><td>a, &lt;b&gt;</td>" in table
    assert "<th scope=row>Wait</th><td>no</td>" in table


# -- the rows --------------------------------------------------------------------------------------------------------


NODE = "suites/test_x.py::test_the_text_is_kept[a<b]"
PYTESTS = {
    OutcomeKind.PASSED: "passed",
    OutcomeKind.OBSERVED: "passed",
    OutcomeKind.FAILED: "failed",
    OutcomeKind.ERROR: "failed",
}


def other(outcome: str, nodeid: str = NODE) -> Any:
    """A report of what is not a judgement."""
    return SimpleNamespace(outcome=outcome, longrepr=None, nodeid=nodeid)


def report(kind: OutcomeKind, *ids: str, reason: str = "", failure: FailureReport | None = None) -> Any:
    made = other(PYTESTS.get(kind, "skipped"))
    put(made, Outcome(NODE, ids, kind, reason, failure=failure))
    return made


def row(hooks: Report, reported: Any) -> list[str]:
    cells = ['<td class="col-result">Passed</td>', "<td>test</td>", "<td>1 ms</td>", "<td></td>"]
    hooks.pytest_html_results_table_row(reported, cells)
    return cells


def details(hooks: Report, reported: Any, *log: str) -> str:
    data = list(log)
    hooks.pytest_html_results_table_html(reported, data)
    return "\n".join(data)


@pytest.mark.parametrize("kind", OutcomeKind)
def test_each_kind_of_outcome_has_its_word(kind: OutcomeKind) -> None:
    reported = report(kind, "SEND-TRIM")
    assert kind_of(reported) is kind
    assert f">{kind.capitalize()}</button></td>" in row(Report(), reported)[0]


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [("passed", OutcomeKind.PASSED), ("failed", OutcomeKind.FAILED), ("skipped", OutcomeKind.UNVERIFIED)],
)
def test_what_is_no_judgement_ended_as_pytest_says(outcome: str, kind: OutcomeKind) -> None:
    assert kind_of(other(outcome)) is kind


def test_a_row_has_result_requirement_level_and_section() -> None:
    cells = row(Report(), report(OutcomeKind.FAILED, "SEND-TRIM"))
    assert cells == [
        '<td hidden class="col-result">Passed</td><td class="failed" data-key="1">'
        '<button type="button" aria-expanded="false">Failed</button></td>',
        '<td><b id="failed-SEND-TRIM">SEND-TRIM</b> white space around a text is trimmed<br>'
        "<small>the text is kept (a&lt;b)</small></td>",
        '<td data-key="0">MUST</td>',
        "<td>4.5</td>",
    ]


def test_only_the_first_row_of_its_kind_is_where_links_lead() -> None:
    hooks, reported = Report(), report(OutcomeKind.FAILED, "SEND-TRIM")
    advice = report(OutcomeKind.ADVICE, "DEVICE-COEXIST")
    ids = [" id=" in cells[1] for cells in (row(hooks, reported), row(hooks, reported), row(hooks, advice))]
    assert ids == [True, False, True]
    assert " id=" not in row(hooks, report(OutcomeKind.PASSED, "SEND-MAX"))[1]


def test_what_is_no_judgement_has_a_row_too() -> None:
    cells = row(Report(), other("failed"))
    assert cells[2:] == ['<td data-key="9"></td>', "<td></td>"]
    uncollected = other("failed", "suites/test_broken.py")
    assert "suites/test_broken.py" in row(Report(), uncollected)[1]
    assert details(Report(), uncollected, "a &lt;b", "c") == "<pre>a &lt;bc</pre>"


def test_a_row_opens_to_the_failure_and_its_diagram() -> None:
    reported = report(OutcomeKind.FAILED, "SEND-TRIM", failure=FailureReport("expected <a>", "<figure></figure>"))
    assert details(Report(), reported, "x") == "<pre>expected &lt;a&gt;</pre><figure></figure>"


def test_a_row_without_a_failure_says_what_is_asked_and_why_it_was_not_checked() -> None:
    reported = report(OutcomeKind.UNVERIFIED, "SEND-TRIM", reason="<no key>")
    asks = "".join(f"<p>{catalogue()['SEND-TRIM'].statement}</p>")
    assert details(Report(), reported, "x") == f"<p>unverified: &lt;no key&gt;</p>{asks}"
    assert details(Report(), report(OutcomeKind.PASSED, "SEND-TRIM"), "No log output captured.") == asks


def test_the_page_stays_small_and_says_what_it_leaves_out() -> None:
    hooks = Report()
    figure = "<figure>" + "x" * 50_000 + "</figure>"
    drawn_one = FailureReport("text", figure)
    several = [report(OutcomeKind.FAILED, "SEND-TRIM", failure=drawn_one) for _ in range(20)]
    first = report(OutcomeKind.FAILED, "SEND-MAX", failure=drawn_one)
    drawn = [figure in details(hooks, reported) for reported in [*several, first]]
    assert drawn == [True] * 9 + [False] * 11 + [True]  # what failed for the first time has its place kept
    long = report(OutcomeKind.FAILED, "SEND-TRIM", failure=FailureReport("y" * 300_000, ""))
    assert details(hooks, long) == "<p>Left out to keep this page small: the terminal and junit.xml have it.</p>"
    assert [note.partition(" is left out")[0] for note in hooks._left_out()] == [
        "To keep this page small, the text of 1 more failed judgements",
        "To keep this page small, the diagram of 11 more failed judgements",
    ]


@pytest.mark.parametrize(
    ("nodeid", "words"),
    [
        ("suites/test_x.py::test_the_text_is_kept", "the text is kept"),
        ("suites/test_x.py::test_the_text_is_kept[a-b]", "the text is kept (a-b)"),
        ("suites/test_x.py::Chat::runTest", "Chat::runTest"),
        ("suites/test_x.py", "suites/test_x.py"),
    ],
)
def test_a_judgement_is_named_in_words(nodeid: str, words: str) -> None:
    assert judgement(nodeid) == words


def test_levels_sort_as_the_catalogue_has_them() -> None:
    keys = [row(Report(), report(OutcomeKind.PASSED, name))[2] for name in ("SEND-TRIM", "DEVICE-COEXIST", "OBS-TRIM")]
    assert keys == [f'<td data-key="{number}">{level.upper()}</td>' for number, level in enumerate(list(Level)[:3])]
