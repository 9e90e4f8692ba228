"""What was requested, rendered again: shell commands, Python calls, and the requests that folders keep."""
