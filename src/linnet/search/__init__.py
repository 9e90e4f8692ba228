"""Many models at once, compared, and the best trained again: `sweep`, `tune`, `find_lr`."""
