"""Nothing but the way in for pytest: the plugin is conformance.plugin."""

pytest_plugins = ["conformance.plugin"]
