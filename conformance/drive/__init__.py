"""Drives a target through scenarios and records what happens. Judges nothing."""
