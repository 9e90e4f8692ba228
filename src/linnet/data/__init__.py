"""Data: from bytes on disk or the network to a `Dataset`, and from there to minibatches."""
