"""Which worker of pytest-xdist runs which test."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

BATTERIES = ("test_legal.py", "test_faults.py")
"""Live modules whose tests share nothing: any worker takes any of their tests. Those that wait longest come first."""
WHOLE = "tests/whole/"
"""Its modules share certifications."""


class ByModule(LoadScopeScheduling):
    """Keeps a module's tests in one process, as they share fixtures."""

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        if module.startswith(WHOLE):
            return WHOLE
        return nodeid if module.endswith(BATTERIES) else module
