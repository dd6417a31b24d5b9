"""The ground truth of links: unmodified services whose calls carry a token in the URL, and a scorer that reads it."""
