"""Clew's tests that are written in Python: run them from the top of the repository, as modules."""
