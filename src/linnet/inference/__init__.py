"""Statistical inference: standard errors, tests, intervals and summaries of solved models."""
