"""Holds no logic: the plugin is `help_center_conformance`, an entry point of the installed project."""
