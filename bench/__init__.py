"""Benchmarks: run by `make bench`, side by side with what they are compared to."""
