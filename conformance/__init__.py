"""A conformance harness for the Help Center chat API."""

__version__ = "0.1.0"
