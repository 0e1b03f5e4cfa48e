"""Other plugins, other projects' settings, and reports of the user's own, around a run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.reference.serve import Served
from tests.support.checkout import CHAT, REPORTS, TOKENS, Checkout
from tests.support.hostile import SECRET, help_center


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return Checkout(tmp_path_factory.mktemp("neighbours"), chat=CHAT, tokens=TOKENS)


@pytest.fixture
def reports(tmp_path: Path) -> str:
    return f"--reports={tmp_path / 'reports'}"


@pytest.fixture(scope="module")
def target() -> Iterator[str]:
    """A correct server that is not ours to start."""
    with Served(help_center().app) as server:
        yield server.url


def test_without_pytest_html_and_with_warnings_as_errors(checkout: Checkout, reports: str) -> None:
    run = checkout.run("-p", "no:html", "-p", "no:cacheprovider", "-W", "error", "--timeout=500", reports)
    assert (run.code, run.verdict and run.verdict["verdict"]) == (0, "conformant"), run.output
    assert not (run.reports / "report.html").exists()


def test_reports_of_the_users_own(checkout: Checkout, reports: str, tmp_path: Path) -> None:
    run = checkout.run(reports, f"--html={tmp_path / 'own.html'}", f"--junitxml={tmp_path / 'own.xml'}")
    assert run.code == 0
    assert (tmp_path / "own.html").exists()
    assert (tmp_path / "own.xml").exists()
    assert {path.name for path in run.reports.iterdir()} == {"statement.json", *REPORTS} - {"report.html", "junit.xml"}


def test_from_another_projects_folder(checkout: Checkout, reports: str, target: str, tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["conformance.plugin"]\n', encoding="utf-8")
    (tmp_path / "test_theirs.py").write_text("def test_theirs(): pass\n", encoding="utf-8")
    theirs = checkout.run(cwd=tmp_path)
    assert (theirs.code, "VERDICT" in theirs.output) == (0, False)
    ours = checkout.run(f"--target={target}", f"--jwt-secret={SECRET}", reports, cwd=tmp_path)
    assert (ours.code, ours.verdict and ours.verdict["verdict"]) == (0, "conformant")


THEIR_CONFTEST = """
import pytest


@pytest.fixture(autouse=True)
def theirs():
    assert False, "about something of theirs"


@pytest.fixture
def everything():
    raise RuntimeError("not ours")
"""


def test_fixtures_and_limits_of_a_project_do_not_reach_the_judgements(
    checkout: Checkout, reports: str, target: str, tmp_path: Path
) -> None:
    (tmp_path / "conftest.py").write_text(THEIR_CONFTEST, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nusefixtures = nowhere\ntimeout = 0.05\n", encoding="utf-8")
    run = checkout.run(f"--target={target}", reports, cwd=tmp_path, HELP_CENTER_JWT_SECRET=SECRET)
    assert (run.code, run.verdict and run.verdict["verdict"]) == (0, "conformant"), run.output


SPLITTING = """
def pytest_collection_modifyitems(config, items):
    left_out = items[::2]
    items[:] = items[1::2]
    config.hook.pytest_deselected(items=left_out)
"""


@pytest.mark.parametrize(
    ("ini", "conftest", "code"),
    [("", SPLITTING, 4), ("addopts = -k SEND-TRIM", "", 4), ("python_files = *_spec.py", "", 5)],
    ids=["deselected", "addopts", "python_files"],
)
def test_a_whole_run_that_ends_partial_is_no_success(
    checkout: Checkout, reports: str, target: str, tmp_path: Path, ini: str, conftest: str, code: int
) -> None:
    (tmp_path / "conftest.py").write_text(conftest, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text(f"[pytest]\n{ini}\n", encoding="utf-8")
    run = checkout.run(f"--target={target}", reports, cwd=tmp_path, HELP_CENTER_JWT_SECRET=SECRET)
    assert run.code == code
    assert "settings or plugins of this project left judgements out" in run.output
    assert "help-center-conformance certify runs without them" in run.output
