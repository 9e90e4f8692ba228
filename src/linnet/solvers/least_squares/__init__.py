"""Least squares: exact solutions by QR, SVD, Cholesky and sums over rows, and cross-validation by them."""
