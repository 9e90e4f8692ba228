"""Finished models: a model with its history and card (`run`), the same in numpy alone (`predictor`)."""
