"""The faults, one file each; lab/fault.py tells what such a file holds."""
