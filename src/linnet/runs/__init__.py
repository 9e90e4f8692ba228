"""Runs with their folders: `linnet.fit`, `linnet train`, `linnet.replay`."""
