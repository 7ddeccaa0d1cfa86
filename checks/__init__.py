"""The checks, a file per fault in a folder per layer."""
