"""Data sets with names: where they lie, how they are downloaded, checked and read."""
