"""A command line, as pytest has read it, without a run of pytest."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from conformance.errors import UsageError
from conformance.redaction import Redactor
from conformance.run.option_names import add_short
from conformance.run.options import Options
from conformance.run.options_parser import parse
from conformance.run.token_source import source_of

Hook = Callable[[str], str]

TARGET = "--target=http://localhost:3000"
SECRET = "--jwt-secret=of the target"


class _Caller:
    def __init__(self, hooks: Sequence[Hook]) -> None:
        self._hooks = hooks

    def get_hookimpls(self) -> list[Any]:
        return [SimpleNamespace(function=hook, argnames=hook.__code__.co_varnames) for hook in self._hooks]

    def __call__(self, *, user: str, **_: object) -> object:
        return self._hooks[0](user)


class Given:
    """As much of pytest.Config as the options need."""

    def __init__(
        self,
        folder: Path,
        arguments: tuple[str, ...],
        hooks: Sequence[Hook] = (),
        ini: Mapping[str, str | list[str]] | None = None,
        settings: str | None = None,
    ) -> None:
        parser = argparse.ArgumentParser(allow_abbrev=False)
        parser.addoption = parser.add_argument  # type: ignore[attr-defined]
        add_short(SimpleNamespace(getgroup=lambda *_: parser))  # type: ignore[arg-type]
        parser.add_argument("--hypothesis-seed")
        parser.add_argument("-v", action="count", dest="verbose", default=0)
        self.option = parser.parse_args(arguments)
        self.invocation_params = SimpleNamespace(dir=folder)
        self.hook = SimpleNamespace(pytest_help_center_token=_Caller(hooks))
        self.args_source = None
        self.known_args_namespace = SimpleNamespace(inifilename=settings)
        self.inipath = folder / "pytest.ini"
        self._ini = ini or {}

    def getini(self, name: str) -> Any:
        return self._ini.get(name, "")

    def getoption(self, name: str, *_: Any) -> Any:
        return getattr(self.option, name, None)


def hook(user: str) -> str:
    return f"token-of-{user}"


def read(*arguments: str, folder: Path = Path("/nowhere"), **environment: str) -> Options:
    return parse(Given(folder, arguments), environment)  # type: ignore[arg-type]


def refused(*arguments: str, folder: Path = Path("/nowhere"), **environment: str) -> str:
    with pytest.raises(UsageError) as caught:
        source_of(read(*arguments, folder=folder, **environment), Redactor(), None)
    line = str(caught.value)
    assert "\n" not in line
    return line
