"""Picture files decoded and prepared as rows of a model; without torch."""
