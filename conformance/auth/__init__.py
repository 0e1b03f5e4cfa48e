"""Users and their tokens: good, bad, forged, and those that others hand out."""
