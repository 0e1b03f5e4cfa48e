"""Where the parts lie that are no code: suites, schemas, catalogue and pytest's settings. No other module knows. In a
checkout they stand side by side with the package; in an installed wheel they are in it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
_DATA = PACKAGE / "data"
INSTALLED = _DATA.is_dir()
"""As a wheel. Nothing is to be written beside it."""
ROOT = _DATA if INSTALLED else PACKAGE.parent
SUITES = ROOT / "suites"
SCHEMAS = ROOT / "schemas"
SETTINGS = ROOT / "pyproject.toml"
"""Of pytest, for a run that is to have no others."""
CATALOGUE = PACKAGE / "requirements.toml"


@cache
def resolved(path: Path) -> Path:
    """Where a file of tests truly lies. Each judgement asks several times, and a file system takes long to answer."""
    return path.resolve()
