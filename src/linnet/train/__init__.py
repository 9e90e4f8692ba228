"""Training: one engine, its learners, callbacks and checkpoints.

fit             the entrance: a data set and a recipe in, a `Run` out
engine          the loop over epochs and minibatches, and the interface of what it trains
learners        one model: the fused step, or any hyperparameters; module_learner: a module, by autograd
sweep, chunk    many models in one pass; plan: their settings, folds and outcome
columns         tables: columns and targets scaled inside the step; scorer: scores and tallies over rows
model_group     models that are stepped together; inputs: the pipeline from stored rows to what they see
callbacks       `State` and `Callback`; checkpoint: where training stands, in one signed file
"""
