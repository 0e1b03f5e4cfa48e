"""What crossed the wire during a scenario: written down, saved, and read in the words of the API document."""
