"""What the harness costs, measured: ``python -m benchmarks [NAME …]``. Each module has one benchmark, whose ``measure``
measures once; the command takes the medians of several rounds."""
