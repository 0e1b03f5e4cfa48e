"""What the ini file of the project in which a command was started says of ours, and of nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from _pytest.config.findpaths import locate_config

from conformance.run.option_table import OPTIONS

_FILES = ("FILE", "DIR")


def project_settings(folder: Path) -> list[str]:
    """As options for pytest, ``-o name=value``: weaker than the environment, as in the ini file."""
    _, path, values, *_ = locate_config(folder, [folder])
    found = {name: _text(value) for name, value in values.items() if name.startswith("help_center_")}
    beside = {option.setting: path.parent for option in OPTIONS if path is not None and option.metavar in _FILES}
    return [word for name, value in found.items() for word in _option(name, value, beside.get(name))]


def _text(value: object) -> str:
    value = getattr(value, "value", value)  # as pytest 9 has them
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value)


def _option(name: str, value: str, beside: Path | None) -> Iterator[str]:
    yield "-o"
    yield f"{name}={beside / value if beside is not None else value}"
