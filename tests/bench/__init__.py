"""Benchmarks that are written in Python; scripts/bench.sh runs them."""
