"""Servers whose bugs show when many users chat at once, and the command that judges servers then."""
