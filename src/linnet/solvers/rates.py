"""`safe_rate`: a learning rate at which gradient descent cannot diverge, whatever the minibatches."""

from __future__ import annotations

from linnet.core.losses import Loss, SoftmaxCrossEntropy, SquaredError, Logistic
from linnet.errors import UsageError
from linnet.solvers.rows import Rows

BOUNDS: dict[type[Loss], float] = {SoftmaxCrossEntropy: 1 / 2, Logistic: 1 / 4, SquaredError: 1.0}
"""The largest eigenvalue that a loss's second derivative in score space can have."""


def safe_rate(rows: Rows, loss: Loss, l2: float = 0.0) -> float:
    """1/(c (max_i ‖x_i‖² + 1) + l2), the inverse of what any minibatch's curvature can be.

    c bounds the loss's curvature in score space; the 1 is the bias's. Gradient steps of at most twice that
    never diverge (Nesterov, Lectures on Convex Optimization, 2018, 2.1.5).

    Args:
        rows: that will be trained on.
        loss: softmax, logistic or squared.
        l2: of the penalty.

    Raises:
        UsageError: a loss without such a bound.
    """
    if type(loss) not in BOUNDS:
        raise UsageError(f"no safe rate is known for {type(loss).__name__}: give lr")
    return 1 / (BOUNDS[type(loss)] * (float(rows.square_norms().max()) + 1) + l2)
