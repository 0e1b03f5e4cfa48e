"""Runs of somebody else's tests where the harness is installed: it adds nothing to them and takes nothing away."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.reference.serve import Served
from tests.support.checkout import CHAT, ROOT, TIMEOUT, Checkout
from tests.support.hostile import SECRET, help_center

OWNER = """
def pytest_addoption(parser):
    parser.addoption("--target", default="theirs")
"""
TEST = """
def test_theirs(pytestconfig):
    assert pytestconfig.getoption("--target") == "{value}"
"""
HEAVY = """
import sys

HEAVY = {
    "aiohttp", "cryptography", "engineio", "httpx", "hypothesis", "jsonschema", "jsonschema_rs", "jwt", "referencing",
    "socketio", "starlette", "uvicorn", "websockets",
}


def test_nothing_heavy_is_imported():
    assert not HEAVY & set(sys.modules)
    assert "help_center_conformance" in sys.modules
    assert not [name for name in sys.modules if name.split(".")[0] in ("conformance", "suites", "tests")]
"""


def run(folder: Path, *options: str, **environment: str) -> tuple[int, str]:
    """``pytest`` in a folder that has an ini file of its own."""
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    return done.returncode, done.stdout + done.stderr


def test_nothing_heavy_is_imported(tmp_path: Path) -> None:
    (tmp_path / "test_heavy.py").write_text(HEAVY, encoding="utf-8")
    code, output = run(tmp_path)
    assert code == 0, output
    assert "help-center: " not in output
    assert not (tmp_path / "reports").exists()


@pytest.mark.parametrize("option", ["--markers", "--fixtures"])
def test_no_marker_and_no_fixture_is_added(tmp_path: Path, option: str) -> None:
    code, output = run(tmp_path, option)
    assert code in (0, 5), output
    assert not {"requirement(*ids)", "public_key", "everything", "observe"} & set(output.replace(":", " ").split())


@pytest.mark.parametrize(("given", "value"), [((), "theirs"), (("--target=x",), "x"), (("--target", "y"), "y")])
def test_an_option_of_a_conftest_stays_theirs(tmp_path: Path, given: tuple[str, ...], value: str) -> None:
    (tmp_path / "conftest.py").write_text(OWNER, encoding="utf-8")
    (tmp_path / "test_theirs.py").write_text(TEST.format(value=value), encoding="utf-8")
    code, output = run(tmp_path, *given)
    assert code == 0, output
    assert "help-center: " not in output


def test_an_option_of_a_plugin_stays_theirs(tmp_path: Path) -> None:
    (tmp_path / "theirs.py").write_text(OWNER, encoding="utf-8")
    (tmp_path / "test_theirs.py").write_text(TEST.format(value="x"), encoding="utf-8")
    code, output = run(tmp_path, "-p", "theirs", "--target=x", PYTHONPATH=os.pathsep.join([str(tmp_path), str(ROOT)]))
    assert code == 0, output


THEIR_PACKAGE = """
from conformance.rules import RULE


def test_their_package():
    assert RULE == "theirs"
"""


@pytest.mark.parametrize("options", [(), ("-W", "error"), ("--help",), ("--target=x",)])
def test_a_package_of_theirs_may_have_the_name_of_ours(tmp_path: Path, options: tuple[str, ...]) -> None:
    (tmp_path / "conformance").mkdir()
    (tmp_path / "conformance" / "__init__.py").write_text("", encoding="utf-8")
    (tmp_path / "conformance" / "rules.py").write_text('RULE = "theirs"\n', encoding="utf-8")
    (tmp_path / "conftest.py").write_text(f"from conformance.rules import RULE\n{OWNER}", encoding="utf-8")
    (tmp_path / "test_theirs.py").write_text(THEIR_PACKAGE, encoding="utf-8")
    code, output = run(tmp_path, *options)
    assert code == 0, output


def test_a_conftest_that_imports_it_cannot_be_there_in_a_certification(tmp_path: Path) -> None:
    (tmp_path / "conformance").mkdir()
    (tmp_path / "conformance" / "__init__.py").write_text("", encoding="utf-8")
    (tmp_path / "conftest.py").write_text("import conformance\n", encoding="utf-8")
    code, output = run(tmp_path, "--target=http://127.0.0.1:1")
    assert code == 4, output
    assert "has the name of our package, and was imported first: use help-center-conformance certify" in output


def test_where_their_package_was_imported_first_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "conformance").mkdir()
    (tmp_path / "conformance" / "__init__.py").write_text("", encoding="utf-8")
    (tmp_path / "theirs.py").write_text("import conformance\n", encoding="utf-8")
    code, output = run(tmp_path, "-p", "theirs", "--target=http://127.0.0.1:1")
    assert code == 4, output
    assert "has the name of our package, and was imported first: use help-center-conformance certify" in output


def test_a_conftest_further_down_may_have_any_option(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "conftest.py").write_text(OWNER, encoding="utf-8")
    (tmp_path / "inner" / "test_inner.py").write_text("def test_inner(): pass\n", encoding="utf-8")
    code, output = run(tmp_path)
    assert code == 0, output


def test_help_lists_our_options_but_those_that_are_theirs(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(OWNER, encoding="utf-8")
    code, output = run(tmp_path, "--help")
    assert code == 0, output
    listed = {line.split()[0].partition("=")[0] for line in output.splitlines() if line.strip().startswith("--")}
    assert {"--rejudge", "--jwt-secret", "--target"} <= listed
    assert "the server to certify" not in output
    assert "--help-center-…" in output
    assert not any(name.startswith("--help-center-") for name in listed - {"--help-center-…"})


def test_a_server_is_certified_by_the_full_names_where_a_short_one_is_theirs(tmp_path: Path) -> None:
    made, folder = Checkout(tmp_path, chat=CHAT), tmp_path / "theirs"
    made.write("suites/conftest.py", "")
    folder.mkdir()
    (folder / "conftest.py").write_text(OWNER, encoding="utf-8")
    with Served(help_center().app) as server:
        given = f"--help-center-target={server.url}"
        done = made.run(given, "--jwt-secret", SECRET, "--target=mine", "--reports", "out", cwd=folder)
    verdict = folder / "out" / "verdict.json"
    assert verdict.exists(), done.output
    assert server.url in verdict.read_text("utf-8")
    line = "help-center: --target is an option of another plugin here: use --help-center-target"
    assert done.line("help-center: --target") == line
