"""The built wheel in an environment and a folder with nothing else in them; and beside the plugins and settings that
teams have. Installs from the package index."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from conformance.reference.serve import Served
from tests.support.checkout import ROOT
from tests.support.hostile import SECRET, help_center

NEIGHBOURS = (
    "allure-pytest",
    "pytest-asyncio",
    "pytest-base-url",
    "pytest-cov",
    "pytest-django",
    "pytest-playwright",
    "pytest-randomly",
    "pytest-repeat",
    "pytest-rerunfailures",
    "pytest-socket",
    "pytest-split",
    "pytest-sugar",
    "pytest-timeout",
    "pytest-xdist",
)
FEW = ("--examples=2", "-k", "SEND-TRIM")


@dataclass(frozen=True)
class Environment:
    """A virtual environment with the wheel."""

    folder: Path

    def run(self, name: str, *arguments: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
        """A program of it, without any settings of ours but these."""
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(("HELP_CENTER", "PYTEST"))}
        return subprocess.run(
            [self.folder / "bin" / name, *arguments],
            cwd=cwd,
            env={**inherited, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
        )

    def written_since(self, instant: float) -> list[Path]:
        """Files in it that are newer, but for what Python caches of its modules."""
        files = (path for path in self.folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        return [path for path in files if path.stat().st_mtime > instant]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", f"--wheel-dir={folder}", str(ROOT)], check=True
    )
    (built,) = folder.glob("*.whl")
    return built


def environment(folder: Path, *packages: str) -> Environment:
    """Without a pip of its own, and with nothing compiled that is not imported: that would take half of the time."""
    venv.create(folder, with_pip=False)
    into = ["--python", str(folder / "bin" / "python")]
    subprocess.run([sys.executable, "-m", "pip", *into, "install", "--quiet", "--no-compile", *packages], check=True)
    return Environment(folder)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return environment(tmp_path_factory.mktemp("installed") / "env", str(wheel))


@pytest.fixture(scope="module")
def target() -> Iterator[str]:
    with Served(help_center().app) as server:
        yield server.url


def verdict(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "reports" / "verdict.json").read_text(encoding="utf-8"))
    return found


def test_it_certifies_like_the_checkout(installed: Environment, target: str, tmp_path: Path) -> None:
    began = time.time()
    done = installed.run("pytest", f"--target={target}", "--examples=2", cwd=tmp_path, HELP_CENTER_JWT_SECRET=SECRET)
    assert done.returncode == 0, done.stdout + done.stderr
    found = verdict(tmp_path)
    assert found["verdict"] == "conformant"
    tests = {test for one in found["requirements"] for test in one["tests"]}
    suites = {f"suites/{path.name}" for path in (ROOT / "suites").glob("test_*.py")}
    assert {test.partition("::")[0] for test in tests} == suites - {"suites/test_observations.py"}
    assert {path.name for path in tmp_path.iterdir()} <= {"reports", ".pytest_cache", ".hypothesis"}
    assert installed.written_since(began) == []


def test_every_command(installed: Environment, target: str, tmp_path: Path) -> None:
    command = "help-center-conformance"
    secret = {"HELP_CENTER_JWT_SECRET": SECRET}
    asked = installed.run(command, "doctor", target, cwd=tmp_path, **secret)
    assert asked.returncode == 0, asked.stdout + asked.stderr
    assert "a Help Center: enters by auth over websocket" in asked.stdout
    assert not (tmp_path / "reports").exists()
    certified = installed.run(command, "certify", target, *FEW, cwd=tmp_path, **secret)
    assert certified.returncode == 0, certified.stdout + certified.stderr
    assert certified.stdout.startswith("$ PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 pytest -p help_center_conformance -c ")
    assert "\nsuites/test_sending.py ...." in certified.stdout
    assert "warning" not in certified.stdout
    again = installed.run(command, "rejudge", "reports", "-k", "SEND-TRIM", cwd=tmp_path)
    assert again.returncode == 0, again.stdout + again.stderr
    compared = installed.run(command, "compare", "reports", "reports/rejudged", cwd=tmp_path)
    assert compared.returncode == 0, compared.stdout + compared.stderr
    token = installed.run(command, "serve", "--print-token=alice", cwd=tmp_path, **secret)
    assert token.stdout.count(".") == 2
    shown = installed.run(command, "requirements", "SEND-TRIM", cwd=tmp_path)
    assert shown.stdout.startswith("SEND-TRIM   MUST   section 4.5")


# -- neighbours ------------------------------------------------------------------------------------------------------

INI = """
[tool.pytest.ini_options]
asyncio_mode = "auto"
asyncio_default_fixture_loop_scope = "function"
timeout = 1
usefixtures = "theirs"
addopts = "-n 2 --cov=tests --reruns 1 --disable-socket --allow-unix-socket --base-url=http://theirs --alluredir=allure"
"""
CONFTEST = """
import pytest


def pytest_addoption(parser):
    parser.addoption("--level", default="theirs")


@pytest.fixture(autouse=True)
def clean(request):
    assert "suites" not in request.node.nodeid


@pytest.fixture
def theirs():
    return "theirs"
"""
TEST = """
import asyncio


async def test_async(theirs, base_url, pytestconfig):
    await asyncio.sleep(0)
    assert (theirs, base_url, pytestconfig.getoption("--level")) == ("theirs", "http://theirs", "x")


def test_two(tmp_path):
    assert list(tmp_path.iterdir()) == []
"""


@pytest.fixture(scope="module")
def beside(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    return environment(tmp_path_factory.mktemp("beside") / "env", str(wheel), *NEIGHBOURS)


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A repository of a team."""
    for name, text in {"pyproject.toml": INI, "conftest.py": CONFTEST, "tests/test_theirs.py": TEST}.items():
        path = tmp_path / "theirs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (tmp_path / "theirs" / "tests" / "__init__.py").touch()
    return tmp_path / "theirs"


def test_their_runs_are_as_they_would_be_without_us(beside: Environment, theirs: Path) -> None:
    done = beside.run("pytest", "--level=x", "-W", "error::pytest.PytestWarning", cwd=theirs)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout
    assert "help-center: " not in done.stdout
    assert not (theirs / "reports").exists()


@pytest.mark.parametrize(
    ("name", "begin"), [("pytest", ["--target=TARGET"]), ("help-center-conformance", ["certify", "TARGET"])]
)
def test_their_plugins_and_settings_do_not_change_the_verdict(
    beside: Environment, theirs: Path, target: str, name: str, begin: list[str]
) -> None:
    arguments = [argument.replace("TARGET", target) for argument in begin]
    done = beside.run(name, *arguments, *FEW, cwd=theirs, HELP_CENTER_JWT_SECRET=SECRET)
    assert done.returncode == 0, done.stdout + done.stderr
    (trimmed,) = verdict(theirs)["requirements"]
    assert (trimmed["id"], trimmed["status"]) == ("SEND-TRIM", "passed")


@pytest.mark.parametrize("addopts", ["--splits 2 --group 1", "-k nothing-of-ours", "--count 1 -k SEND-TRIM"])
def test_no_neighbour_lets_a_run_end_well_without_a_verdict(
    beside: Environment, theirs: Path, target: str, addopts: str
) -> None:
    (theirs / "pyproject.toml").unlink()
    shutil.rmtree(theirs / "tests")
    (theirs / "conftest.py").unlink()
    (theirs / "pytest.ini").write_text(f"[pytest]\naddopts = {addopts}\n", encoding="utf-8")
    done = beside.run("pytest", f"--target={target}", "--examples=2", cwd=theirs, HELP_CENTER_JWT_SECRET=SECRET)
    assert done.returncode in (4, 5), done.stdout + done.stderr
    assert "help-center-conformance certify runs without them" in done.stdout
