"""A command line, as pytest has read it, without a run of pytest."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from conformance.run.option_names import add_short

Hook = Callable[[str], str]


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
    ) -> None:
        parser = argparse.ArgumentParser(allow_abbrev=False)
        parser.addoption = parser.add_argument  # type: ignore[attr-defined]
        add_short(SimpleNamespace(getgroup=lambda *_: parser))  # type: ignore[arg-type]
        parser.add_argument("--hypothesis-seed")
        self.option = parser.parse_args(arguments)
        self.invocation_params = SimpleNamespace(dir=folder)
        self.hook = SimpleNamespace(pytest_help_center_token=_Caller(hooks))
        self.args_source = None
        self.inipath = folder / "pytest.ini"
        self._ini = ini or {}

    def getini(self, name: str) -> Any:
        return self._ini.get(name, "")

    def getoption(self, name: str, *_: Any) -> Any:
        return getattr(self.option, name, None)
