"""docs/dependencies.md names each package that an installation brings, and its licence."""

from __future__ import annotations

import re
from importlib.metadata import distribution

import pytest
from packaging.requirements import Requirement

from conformance.paths import ROOT

FAMILIES = {
    "Apache-2.0": "Apache",
    "BSD": "BSD",
    "MIT": "MIT",
    "MPL-2.0": "MPL|Mozilla Public",
    "PSF-2.0": "PSF|Python Software Foundation",
}
"""How the metadata of packages names them."""
_ROW = re.compile(r"^\| ([a-z0-9-]+) \| (.+) \|$", re.MULTILINE)
ROWS = dict(_ROW.findall((ROOT / "docs" / "dependencies.md").read_text("utf-8").partition("|---|---|")[2]))


def installed(name: str) -> set[str]:
    """What a package needs, directly or not, here and without its extras but for those that are asked for."""
    found: set[str] = set()
    open_ = [Requirement(name)]
    while open_:
        asked = open_.pop()
        for line in distribution(asked.name).requires or ():
            needed = Requirement(line)
            wanted = needed.marker is None or any(needed.marker.evaluate({"extra": one}) for one in {"", *asked.extras})
            if wanted and (normal := re.sub(r"[-_.]+", "-", needed.name).lower()) not in found:
                found.add(normal)
                open_.append(needed)
    return found


PACKAGES = installed("help-center-conformance")


def test_each_package_stands_in_the_table() -> None:
    assert set(ROWS) == PACKAGES


@pytest.mark.parametrize("name", sorted(PACKAGES))
def test_its_licence_is_the_one_it_names(name: str) -> None:
    metadata = distribution(name).metadata
    classifiers = [one for one in metadata.get_all("Classifier") or () if one.startswith("License ::")]
    named = metadata.get("License-Expression") or " ".join(classifiers) or metadata.get("License") or ""
    families = {family for family, pattern in FAMILIES.items() if re.search(pattern, named)}
    assert families == set(re.split(" or | and ", ROWS[name]))
