"""The plugin is `help_center_conformance`, an entry point of the installed project; here only whether it is there."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    if not config.pluginmanager.hasplugin("conformance.plugin"):
        raise pytest.UsageError(
            "help-center: the harness is not installed from this checkout: run pip install -e . here; "
            "or, to use an installed one, help-center-conformance certify URL"
        )
