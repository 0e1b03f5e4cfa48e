"""The net under every change of what judges: saved runs, judged again, say the same as before, word for word."""
