"""Where the parts lie that are no code: suites, schemas, and the catalogue. No other module knows."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SUITES = ROOT / "suites"
SCHEMAS = ROOT / "schemas"
CATALOGUE = Path(__file__).with_name("requirements.toml")
