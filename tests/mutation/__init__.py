"""How much of the reference server's own source the certification pins down: it is changed in one place, and judged."""
