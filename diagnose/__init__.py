"""corediag: finds out why cluster DNS fails on Kubernetes, and proves it."""

__version__ = "0.1.0.dev0"
