"""Servers that misbehave on purpose, each in one way. ``python -m tests.hostile`` certifies them and prints a table."""
