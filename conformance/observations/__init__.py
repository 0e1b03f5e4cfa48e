"""How a target behaves where the API document is silent."""
