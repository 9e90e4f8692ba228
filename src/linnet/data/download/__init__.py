"""Downloads that are resumed, checked, and whole or absent."""
