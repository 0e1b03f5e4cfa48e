"""What an installation of the checkout adds to what other projects can import."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIND = """
import importlib.util, json, sys

found = map(importlib.util.find_spec, sys.argv[1:])
print(json.dumps({name: None if spec is None else spec.origin for name, spec in zip(sys.argv[1:], found)}))
"""


def test_nothing_of_the_checkout_but_the_package_and_its_plugin_can_be_imported_elsewhere(tmp_path: Path) -> None:
    """``pip install -e`` has no more of it on ``sys.path`` than a wheel, so a project's own ``tests`` stay its own."""
    modules = {path.parent.name for path in ROOT.glob("*/__init__.py")} | {path.stem for path in ROOT.glob("*.py")}
    assert modules >= {"conformance", "help_center_conformance", "suites", "tests"}
    command = [sys.executable, "-I", "-c", FIND, *modules]
    done = subprocess.run(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True, check=True)
    origins = {name: Path(origin) for name, origin in json.loads(done.stdout).items() if origin}
    assert origins.keys() >= {"conformance", "help_center_conformance"}
    ours = {name for name, origin in origins.items() if ROOT in origin.parents}
    assert ours <= {"conformance", "help_center_conformance"}, "install the checkout again: pip install -e '.[dev]'"


def test_a_checkout_whose_harness_is_not_installed_says_what_to_do() -> None:
    command = [sys.executable, "-m", "pytest", "-p", "no:help_center_conformance", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 4, done.stdout
    assert done.stdout.strip().startswith("ERROR: help-center: the harness is not installed from this checkout")
    assert "pip install -e ." in done.stdout
    assert len(done.stdout.strip().splitlines()) == 1
