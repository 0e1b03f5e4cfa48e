"""Verdicts and failures for people and scripts: terminal, HTML, JSON."""
