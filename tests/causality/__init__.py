"""The ground truth of links inside processes: unmodified services whose calls carry a token, and a scorer that reads it."""
