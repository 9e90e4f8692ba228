"""Stochastic gradient descent on rows of any kind, dense or sparse."""
