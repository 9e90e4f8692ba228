"""Likelihoods of fitted models: their families, their optimum, and the limit of separated classes."""
