"""Servers that are odd and right: each differs from the reference server only where the document leaves room."""
