from __future__ import annotations

from linnet.config import Knobs
from linnet.train.plan import make_trials


def test_a_model_for_each_setting_and_view() -> None:
    made = make_trials([Knobs(lr=0.1), Knobs(lr=0.2)], 3)
    assert [(t.setting, t.fold, t.knobs.lr) for t in made] == [
        (s, v, lr) for s, lr in ((0, 0.1), (1, 0.2)) for v in range(3)
    ]
