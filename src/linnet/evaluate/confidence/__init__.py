"""What a classifier's probabilities are worth: reliability, calibration, prediction sets and decisions."""
