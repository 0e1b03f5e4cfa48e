"""What of the command line selects judgements: with any of it, a run may judge only a part."""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Collection, Container, Iterable, Iterator

import pytest

from conformance.requirements import Catalogue, ids_of

_OPTIONS = {
    "-k": "keyword",
    "-m": "markexpr",
    "--deselect": "deselect",
    "--ignore": "ignore",
    "--ignore-glob": "ignore_glob",
    "--lf": "lf",
    "--sw": "stepwise",
    "--maxfail": "maxfail",
}
"""pytest's own options with which not every judgement is run."""


def selection(config: pytest.Config) -> list[str]:
    """The selecting words, paths included; none: every judgement is meant."""
    paths = config.args if config.args_source is pytest.Config.ArgsSource.ARGS else []
    return [*_words(config.option), *paths]


def _words(options: argparse.Namespace) -> list[str]:
    given = {flag: getattr(options, name, None) for flag, name in _OPTIONS.items()}
    return [flag if value is True else f"{flag} {value}" for flag, value in given.items() if value]


def is_wanted(config: pytest.Config) -> bool:
    """Whether whoever started this run asked for a part of it. What an ini file selects was meant for other tests."""
    of_ini_file = _words(config._parser.parse_known_args(config.getini("addopts")))
    return any(word not in of_ini_file for word in selection(config))


def intruders(config: pytest.Config) -> str:
    """What to say where judgements were left out all the same."""
    patterns = config.getini("python_files")
    why = "" if "test_*.py" in patterns else f", python_files = {' '.join(patterns)}"
    return (
        f"settings or plugins of this project left judgements out{why}: no verdict; "
        "help-center-conformance certify runs without them"
    )


def meant(items: Iterable[pytest.Item], judged: Container[str], *, public_key: bool) -> Iterator[pytest.Item]:
    """Without the judgements of requirements that the run is not about, and without those of tokens that are signed
    with a public key, where there is none. What has no requirement is not a judgement."""
    for item in items:
        ids = ids_of(item)
        of_public_key = item.get_closest_marker("public_key") is not None
        if not ids or (any(name in judged for name in ids) and (public_key or not of_public_key)):
            yield item


def left_out(known: Catalogue, release: str | None) -> list[str]:
    """What to say where a run is as of an earlier release."""
    newer = [name for name in known if name not in known.as_of(release)]
    return (
        [f"judged as of {release}: left out, for they are newer, are {', '.join(newer) or 'none'}"] if release else []
    )


def matched_nothing(config: pytest.Config, known: Collection[str], among: int) -> str:
    """What to say where no judgement of so many was selected."""
    words = ", ".join(selection(config))
    return f"nothing was judged: {words} selects none of the {among} judgements{_hint(config, known)}"


def _hint(config: pytest.Config, known: Collection[str]) -> str:
    """About a name in ``-k`` that looks like a requirement's."""
    word = str(config.getoption("keyword", "") or "")
    if not re.fullmatch(r"[A-Za-z]+(-[A-Za-z]+)+", word):
        return ""
    near = difflib.get_close_matches(word.upper(), known, n=1)
    listed = "help-center-conformance requirements lists their ids"
    return f": did you mean -k {near[0]}?" if near else f": no requirement has this id; {listed}"
