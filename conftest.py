"""Holds no logic: the plugin is `conformance.plugin`, which pytest finds as an entry point of the installed project."""
