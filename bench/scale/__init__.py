"""A real API server with many objects, and what corediag and its like cost there.

Run by `make bench-scale`; docs/performance.md says what is measured and how.
"""
