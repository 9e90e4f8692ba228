"""Evaluation of trained models: metrics with intervals, calibration, prediction sets, comparison."""
