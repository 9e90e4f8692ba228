"""Smooth losses with L2: Newton, L-BFGS, staged solvers and banks of problems solved together."""
