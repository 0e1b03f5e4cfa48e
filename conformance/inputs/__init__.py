"""What to send: texts and payloads, named or generated. Pure data and strategies."""
