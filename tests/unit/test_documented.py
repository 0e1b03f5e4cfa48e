"""The commands of the documentation exist, and those that take no time work as they stand there."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import pytest

from conformance.command import main as command
from conformance.paths import SCHEMAS
from help_center_conformance import NAMES
from tests.net.kept import FOLDER, load
from tests.support.checkout import ROOT
from tests.support.documented import KINDS, Block, blocks, named

VERDICT = json.dumps(json.loads((SCHEMAS / "verdict.json").read_text(encoding="utf-8"))["examples"][0])


def test_every_block_says_how_it_is_tested() -> None:
    assert [str(block) for block in blocks() if block.kind not in KINDS] == []
    assert {block.kind for block in blocks()} == set(KINDS)


@pytest.mark.parametrize("block", [one for one in blocks() if one.kind in ("", "server")], ids=str)
def test_what_takes_no_time_works_as_it_stands_there(block: Block, tmp_path: Path) -> None:
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "verdict.json").write_text(VERDICT, encoding="utf-8")
    assert block.run(tmp_path, seconds=60)


def test_the_failure_that_is_explained_is_a_real_one() -> None:
    """The same text as is shown of what is kept of this broken server."""
    (shown,) = load(FOLDER / "AcceptsEmpty.json.gz").expected.values()
    page = (ROOT / "docs" / "failures.md").read_text(encoding="utf-8")
    assert f"```\n{shown['text'].rstrip()}\n\n  Again     help-center-conformance certify " in page
    found = re.search(r"`reports/(transcripts/[\w-]+\.jsonl)`", page)
    assert found is not None
    assert found[1].removeprefix("transcripts/") in load(FOLDER / "AcceptsEmpty.json.gz").files


def test_every_command_that_is_named_exists(capsys: pytest.CaptureFixture[str], pytestconfig: pytest.Config) -> None:
    wrong = []
    for page, words in named():
        known = _flags(words, capsys, pytestconfig)
        unknown = [word for word in words if word.startswith("--") and word.partition("=")[0] not in known]
        missing = [word for word in words if word.startswith("tests/") and not (ROOT / word).exists()]
        wrong += [f"{page}: {' '.join(words)}: {one}" for one in (*unknown, *missing)]
        if words[0] == "python":
            wrong += [] if importlib.util.find_spec(words[2]) else [f"{page}: there is no {words[2]}"]
        elif words[1:] and words[0] == command.NAME and words[1] not in command.COMMANDS:
            wrong += [] if words[1].startswith("-") else [f"{page}: there is no {' '.join(words[:2])}"]
    assert wrong == []


def _flags(words: list[str], capsys: pytest.CaptureFixture[str], config: pytest.Config) -> set[str]:
    """The options that a command takes."""
    if words[0] == "pytest" or words[1:2] in (["certify"], ["doctor"], ["rejudge"]):
        theirs = {name for option in config._parser._anonymous.options for name in option.names()}
        groups = {name for group in config._parser._groups for option in group.options for name in option.names()}
        return theirs | groups | {f"--{name}" for name in NAMES} | {f"--help-center-{name}" for name in NAMES}
    if words[0] == command.NAME and words[1:2] and words[1] in command.COMMANDS:
        with pytest.raises(SystemExit):
            command.main([words[1], "--help"])
        return {word.strip("[],").partition("=")[0] for word in capsys.readouterr().out.split()}
    return {word.partition("=")[0] for word in words}  # scripts of the tests have a --help of their own
