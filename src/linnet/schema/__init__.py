"""What the columns of a table mean: their kinds, how they become numbers, and both as JSON in a model's card.

A `Schema` is data: the same one encodes a training table, a row of a request and an exported program's input.
"""
