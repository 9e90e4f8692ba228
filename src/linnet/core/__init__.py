"""The mathematics: functions of tensors that know nothing of files or data sets.

functional   softmax, logsumexp, cross-entropy and their kin, stable; and the naive forms
losses       losses in score space: value, residual, curvature
bank         the parameters of M models side by side
step         a step of SGD on a bank: the fused one and its reference
metrics      sums over rows that merge across batches
"""
