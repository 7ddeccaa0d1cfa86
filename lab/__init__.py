"""A real Kubernetes cluster on one machine, in which the faults of cluster DNS are staged.

Nothing in diagnose/ or checks/ imports this package; it needs root, Linux, Go and apt.
"""
