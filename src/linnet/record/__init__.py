"""Requests, as folders keep them, rendered as shell commands and Python calls."""
