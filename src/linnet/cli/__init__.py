"""The command line: one file a command. Commands parse, call and show; torch is imported by none of them
before it is needed, so that `linnet --help` is quick.
"""

from linnet.cli.app import main

__all__ = ["main"]
