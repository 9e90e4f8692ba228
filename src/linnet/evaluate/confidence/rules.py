"""`learn_rules`: prediction sets, intervals and abstention that a model keeps for the rows it answers."""

from __future__ import annotations

import dataclasses

from linnet.core.conformal import Abstention, PredictionRules
from linnet.errors import UsageError
from linnet.evaluate.confidence.decisions import abstain_curve
from linnet.evaluate.confidence.prediction_intervals import learn_intervals
from linnet.evaluate.confidence.prediction_sets import learn_sets
from linnet.evaluate.evaluation import Evaluation


def learn_rules(
    evaluation: Evaluation, *, alpha: float | None = None, accuracy: float | None = None, method: str = "lac"
) -> PredictionRules:
    """Rules learnt on the rows that a run kept from its training, or on a share of its training rows.

    `run.with_rules(rules).save_model(run.folder)` keeps them with the model.

    Args:
        evaluation: of the run, with its training rows at hand.
        alpha: the share of prediction sets, of numbers intervals, that may lack the target; none when None.
        accuracy: that answers are to have, below whose threshold the model abstains; none when None.
        method: of the sets: "lac" or "aps".

    Raises:
        UsageError: a number cannot be, the rows are too few, or a regression is to abstain.
    """
    seen, source = evaluation.on_calibration_split, evaluation.calibration_split.source
    rules = PredictionRules()
    if alpha is not None and evaluation.classes:
        rule = dataclasses.replace(learn_sets(seen, alpha, method), source=source)
        rules = dataclasses.replace(rules, sets=rule)
    elif alpha is not None:
        rules = dataclasses.replace(
            rules, intervals=dataclasses.replace(learn_intervals(seen, alpha), source=source)
        )
    if accuracy is None:
        return rules
    evaluation.check_classes()
    if not 0 < accuracy <= 1:
        raise UsageError(f"the accuracy of the answers lies above 0 and is at most 1, not {accuracy}")
    threshold = abstain_curve(seen).threshold(accuracy)
    abstention = Abstention(accuracy=accuracy, threshold=threshold, rows=len(seen), source=source)
    return dataclasses.replace(rules, abstention=abstention)
