"""Judges recordings, clause by clause. Does no I/O."""
