"""Probabilities of a classifier put to use: reliability, calibration, prediction sets and decisions."""
