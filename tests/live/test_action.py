"""The shell steps of action.yml, run as GitHub's runner runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.auth.tokens import KeyMinter
from conformance.reference.help_center import HelpCenter
from conformance.reference.serve import Served
from tests.support.checkout import CHAT, ROOT, TIMEOUT, TOKENS, Checkout
from tests.support.hostile import SECRET, Untrimming, help_center

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS: dict[str, dict[str, Any]] = {step["name"]: step for step in ACTION["runs"]["steps"]}
BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail")
"""The runner's ``shell: bash``."""


@dataclass(frozen=True)
class Done:
    code: int
    output: str
    outputs: dict[str, str]
    folder: Path


class Runner:
    """A workspace in which the command is that of a small checkout."""

    def __init__(self, folder: Path, checkout: Checkout) -> None:
        self._folder = folder / "workspace"
        self._temp = folder / "temp"
        bin_folder = self._temp / "help-center-conformance" / "bin"
        bin_folder.mkdir(parents=True)
        self._folder.mkdir()
        script = bin_folder / "help-center-conformance"
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m conformance.command.main "$@"\n', encoding="utf-8")
        script.chmod(0o755)
        (bin_folder / "python").symlink_to(sys.executable)
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("HELP_CENTER_")},
            "PYTHONPATH": str(checkout.folder),
            "RUNNER_TEMP": str(self._temp),
            "GITHUB_OUTPUT": str(folder / "output"),
            "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
            "GITHUB_ACTIONS": "true",
        }

    def certify(self, target: str, options: str = "", reports: str = "reports", **secrets: str) -> Done:
        path = Path(self._environment["GITHUB_OUTPUT"])
        path.unlink(missing_ok=True)
        inputs = {"target": target, "options": options, "reports": reports}
        step = STEPS["Certify"]
        given = {
            name: inputs[value.removeprefix("${{ inputs.").removesuffix(" }}")] for name, value in step["env"].items()
        }
        done = subprocess.run(
            [*BASH, "-c", step["run"]],
            cwd=self._folder,
            env={**self._environment, **given, **secrets},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
        )
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        outputs = dict(line.split("=", 1) for line in lines)
        assert len(outputs) == len(lines)
        return Done(done.returncode, done.stdout + done.stderr, outputs, self._folder)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return Checkout(tmp_path_factory.mktemp("action"), chat=CHAT, tokens=TOKENS)


@pytest.fixture
def runner(tmp_path: Path, checkout: Checkout) -> Runner:
    return Runner(tmp_path, checkout)


def served(kind: type[HelpCenter]) -> Iterator[str]:
    with Served(help_center(kind).app) as server:
        yield server.url


@pytest.fixture(scope="module")
def target() -> Iterator[str]:
    yield from served(HelpCenter)


@pytest.fixture(scope="module")
def untrimming() -> Iterator[str]:
    yield from served(Untrimming)


def test_a_conformant_server_passes(runner: Runner, target: str) -> None:
    done = runner.certify(target, HELP_CENTER_JWT_SECRET=SECRET)
    assert done.code == 0, done.output
    counts = json.loads(done.outputs.pop("counts"))
    assert counts["must"] == {"passed": 4, "failed": 0, "unverified": 0, "waived": 0, "error": 0}
    assert done.outputs == {"verdict": "conformant", "exit-code": "0", "report": "reports/report.html"}
    assert SECRET not in done.output


def test_a_failing_run_fails_the_step_and_leaves_its_report(runner: Runner, untrimming: str) -> None:
    done = runner.certify(untrimming, "--examples=4\n\n--hypothesis-seed=1\n", HELP_CENTER_JWT_SECRET=SECRET)
    assert (done.code, done.outputs["verdict"], done.outputs["exit-code"]) == (1, "non-conformant", "1")
    assert json.loads(done.outputs["counts"])["must"]["failed"] == 1
    assert (done.folder / done.outputs["report"]).is_file()
    assert "::error title=Help Center conformance::non-conformant" in done.output


def test_an_incomplete_run_fails_the_step(runner: Runner, target: str) -> None:
    done = runner.certify(target, HELP_CENTER_TOKEN=KeyMinter(SECRET).sign({"sub": "someone"}))
    assert (done.code, done.outputs["verdict"], done.outputs["exit-code"]) == (10, "incomplete", "10")


def test_without_a_server_there_is_no_verdict(runner: Runner, target: str) -> None:
    assert runner.certify(target, HELP_CENTER_JWT_SECRET=SECRET).code == 0
    done = runner.certify("http://127.0.0.1:1", HELP_CENTER_JWT_SECRET=SECRET)
    outputs = {"verdict": "none", "exit-code": "4", "report": "", "counts": "{}"}
    assert (done.code, {name: done.outputs[name] for name in outputs}) == (4, outputs)


@pytest.mark.parametrize(
    "inputs",
    [
        {"target": 'http://a"; touch pwned; "'},
        {"target": "$(touch pwned)"},
        {"target": "--rejudge=/"},
        {"options": "; touch pwned\n`touch pwned`\n$(touch pwned)\n"},
        {"reports": "r\nverdict=conformant"},
        {"reports": "$(touch pwned)"},
    ],
    ids=str,
)
def test_inputs_are_never_carried_out(runner: Runner, inputs: dict[str, str]) -> None:
    done = runner.certify(**{"target": "http://127.0.0.1:1", **inputs}, HELP_CENTER_JWT_SECRET=SECRET)
    assert done.code == 4, done.output
    assert not list(done.folder.rglob("pwned"))
    assert done.outputs.get("verdict", "none") == "none"


def test_no_input_is_put_into_a_script() -> None:
    scripts = [step["run"] for step in STEPS.values() if "run" in step]
    assert [script.splitlines()[0] for script in scripts] == ["set -euo pipefail"] * 2
    assert not [script for script in scripts if "${{" in script]


def test_the_reports_are_uploaded_whatever_the_run_said() -> None:
    upload = STEPS["Upload the reports"]
    assert "always()" in upload["if"]
    assert upload["with"]["path"] == "${{ inputs.reports }}"


def test_the_action_is_installed_into_its_own_environment(tmp_path: Path) -> None:
    """With a Python that only notes what it is asked for: wheels are installed by the tests of the wheel."""
    temp, action, noted = tmp_path / "a temp", tmp_path / "an action", tmp_path / "noted"
    pip = f'#!/bin/sh\nprintf "%s\\n" "$@" > "{noted}"\n'
    (tmp_path / "pip").write_text(pip, encoding="utf-8")
    python = tmp_path / "python3"
    made = f'mkdir -p "$3/bin" && cp "{tmp_path}/pip" "$3/bin/pip" && chmod +x "$3/bin/pip"'
    python.write_text(f'#!/bin/sh\n[ "$1 $2" = "-m venv" ] && {made}\n', encoding="utf-8")
    python.chmod(0o755)
    environment = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "RUNNER_TEMP": str(temp),
        "GITHUB_ACTION_PATH": str(action),
    }
    subprocess.run([*BASH, "-c", STEPS["Install"]["run"]], env=environment, check=True, timeout=TIMEOUT)
    assert noted.read_text(encoding="utf-8").splitlines() == ["install", "--quiet", str(action)]
    assert (temp / "help-center-conformance" / "bin" / "pip").is_file()
