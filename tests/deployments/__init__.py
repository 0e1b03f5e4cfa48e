"""Help Centers as teams deploy them: frameworks and programs from registries, each in processes of its own, certified
like any other target. ``python -m tests.deployments [NAME …]``. All are correct."""
