"""The command line: one file a command.

Commands parse, call and show. None imports torch before it needs it, so `linnet --help` is quick.
"""

from linnet.cli.app import main

__all__ = ["main"]
