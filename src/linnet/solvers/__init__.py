"""Solvers to the exact optimum, with certificates: least squares, smooth losses, L1 penalties."""
