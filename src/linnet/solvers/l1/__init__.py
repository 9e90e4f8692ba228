"""L1 penalties by proximal Newton, and the absolute error by an interior-point method."""
