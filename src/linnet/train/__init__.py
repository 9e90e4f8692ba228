"""Training: `fit` drives a learner over batches and leaves a `Run`.

fit          the entrance: a data set and a recipe in, a `Run` out
learner      what learns: a bank by the fused step, or any module by autograd
loop         epochs, measures, callbacks, Ctrl-C
callbacks    what to do meanwhile; `terminal` has the ones that print
checkpoint   where a run stands, to go on from bit for bit
"""
