"""Turns a run of pytest into a certification: options, outcomes, exit code."""
