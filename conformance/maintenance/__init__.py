"""For maintainers: where things stand in the source, and whether the documents keep up with it."""
