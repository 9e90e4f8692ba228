"""Certificates: upper bounds on the distance to the optimum, and reasons why there is none."""
