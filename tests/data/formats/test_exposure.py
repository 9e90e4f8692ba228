from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import linnet
from linnet.errors import FormatError, UsageError
from tests.support.commands import call


@pytest.fixture(scope="module")
def claims() -> pd.DataFrame:
    source = np.random.default_rng(1)
    frame = pd.DataFrame({"age": source.uniform(18, 80, 200), "years": source.uniform(0.1, 3, 200)})
    means = frame["years"] * np.exp(-1 + 0.02 * frame["age"])
    return frame.assign(claims=source.poisson(means))


@pytest.mark.parametrize(("covariance", "theirs"), [("hessian", "nonrobust"), ("sandwich", "HC0")])
def test_a_summary_is_that_of_an_offset_of_log_exposure(
    claims: pd.DataFrame, covariance: str, theirs: str
) -> None:
    rows = linnet.load(claims, target="claims", exposure="years", hold_out=False).train
    solved = linnet.solve(rows)
    found = linnet.infer(solved, rows, covariance=covariance)
    model = sm.GLM(
        claims["claims"], sm.add_constant(claims[["age"]]), family=sm.families.Poisson(),
        offset=np.log(claims["years"]),
    ).fit(cov_type=theirs)  # fmt: skip
    table = found.table.set_index("feature")
    for name, theirs_name in (("bias", "const"), ("age", "age")):
        assert table.loc[name, "estimate"] == pytest.approx(model.params[theirs_name], rel=1e-7)
        assert table.loc[name, "standard_error"] == pytest.approx(model.bse[theirs_name], rel=1e-6)
    assert found.fit.log_likelihood == pytest.approx(model.llf)
    assert found.fit.deviance == pytest.approx(model.deviance)
    assert found.fit.dispersion == pytest.approx(model.pearson_chi2 / model.df_resid)
    assert found.fit.rows == 200


def test_answers_are_rates_and_expected_counts_of_rows_that_tell_their_exposure(
    claims: pd.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    claims.to_csv(tmp_path / "claims.csv", index=False)
    said = ("--data", tmp_path / "claims.csv", "--target", "claims", "--exposure", "years")
    assert call("solve", *said, "--l2", 1e-3, "--out", tmp_path / "run", "--no-report") == 0
    assert "predicting claims per years (named by --target; as it has an exposure): counts" in (
        capsys.readouterr().out
    )
    found = linnet.predict(tmp_path / "run", claims)
    assert np.allclose(found["expected claims"], found["prediction"] * claims["years"])
    bare = linnet.predict(tmp_path / "run", claims.drop(columns=["years", "claims"]))
    assert list(bare.columns) == ["prediction"]
    assert np.allclose(bare["prediction"], found["prediction"])
    assert call("evaluate", tmp_path / "run") == 0
    assert "predicts  claims per years" in capsys.readouterr().out
    assert call("replay", tmp_path / "run") == 0


@pytest.mark.parametrize("wrong", [0.0, -1.0, np.nan, np.inf])
def test_an_exposure_is_above_0(claims: pd.DataFrame, wrong: float) -> None:
    frame = claims.copy()
    frame.loc[3, "years"] = wrong
    with pytest.raises(FormatError, match=r"the exposure years is no finite number above 0 in 1 row.* row 4"):
        linnet.load(frame, target="claims", exposure="years")


def test_what_an_exposure_does_not_go_with_is_refused(claims: pd.DataFrame) -> None:
    with pytest.raises(UsageError, match="leave out --task regression"):
        linnet.load(claims, target="claims", exposure="years", task="regression")
    with pytest.raises(UsageError, match="leave out exposure or sample_weight"):
        linnet.load(claims, target="claims", exposure="years", sample_weight="age")
    with pytest.raises(FormatError, match="cannot be the target and the exposure"):
        linnet.load(claims, target="claims", exposure="claims")
    with pytest.raises(FormatError, match="no column 'months' to take as exposure"):
        linnet.load(claims, target="claims", exposure="months")
    rows = linnet.load(claims, target="claims", exposure="years").train
    with pytest.raises(UsageError, match="take no weights beside it"):
        linnet.fit(rows, sample_weight=np.ones(len(rows)), show=False)
    with pytest.raises(UsageError, match="leave out weight_kind"):
        linnet.infer(linnet.solve(rows), rows, weight_kind="frequency")


def test_rates_have_no_rule_of_intervals(claims: pd.DataFrame) -> None:
    rows = linnet.load(claims, target="claims", exposure="years").train
    with pytest.raises(UsageError, match="does not suit rows of different exposure"):
        linnet.learn_intervals(linnet.Evaluation(linnet.solve(rows).value, rows), 0.1)
