"""Rows of user data some at a time, of whatever form, for a model to answer; nothing here needs torch."""
