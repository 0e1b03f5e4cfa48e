"""The JSON Schemas of every payload, and what is wrong with one that does not fit."""
