"""Demonstrations for the lab's lessons, which nothing else needs.

landscape      the loss of a line over its weight and bias
softmax_forms  softmax and cross-entropy step by step in a floating type, naive and stable
"""
