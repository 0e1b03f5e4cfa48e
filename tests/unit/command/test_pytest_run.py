"""What the console command makes of a command line with tests that are not ours."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.checkout import TIMEOUT


@pytest.mark.parametrize("path", ["test_theirs.py", "empty"])
def test_tests_of_others_are_not_taken_for_a_certification(path: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "test_theirs.py").write_text("def test_theirs(): pass\n", "utf-8")
    command = [sys.executable, "-m", "conformance.command.main", "certify", "http://127.0.0.1:1", path]
    environment = {**os.environ, "HELP_CENTER_JWT_SECRET": "a secret that no server has"}
    ended = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=TIMEOUT)
    assert ended.returncode == 4
    assert f"nothing would be certified: leave out {path}" in ended.stderr
    assert "passed" not in ended.stdout
