"""Processes that compute together: sums over all of them, and who does what, by torch.distributed."""
