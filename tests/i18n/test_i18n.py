from __future__ import annotations

import pytest

from linnet import i18n
from linnet.cli import main
from linnet.errors import UsageError


def test_blanks_are_filled_in_both_languages() -> None:
    assert i18n.say("plot.suggestion", "en", rate="0.1") == "suggestion 0.1"
    assert i18n.say("plot.suggestion", "zh", rate="0.1") == "建议 0.1"


def test_a_blank_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError):
        i18n.say("plot.suggestion", "en")


def test_another_language_is_refused() -> None:
    with pytest.raises(UsageError, match="'fr'"):
        i18n.say("plot.suggestion", "fr", rate="0.1")


def test_what_a_file_holds_in_english_is_translated() -> None:
    assert i18n.translate("converged", "solver", "zh") == "已收敛"
    assert i18n.translate("converged", "solver", "en") == "converged"
    assert i18n.translate("as nobody said", "solver", "zh") == "as nobody said"


def test_what_a_file_holds_with_its_blanks_filled_in_is_translated_with_them() -> None:
    for name in ("Id", "a [b] {c}", "x\ny"):
        said = i18n.say("schema.note.row_number", "en", name=name)
        assert i18n.translate(said, "schema", "zh") == f"{name} 像是行的编号：--ignore {name} 可将其去掉"
        assert i18n.translate(said, "schema", "en") == said
    other = "a looks like a number of the row: --ignore b leaves it out"  # of two names
    assert i18n.translate(other, "schema", "zh") == other


def test_a_figure_of_ones_own_goes_by_its_name() -> None:
    assert i18n.name_figure("train_loss", "zh") == "训练损失"
    assert i18n.name_figure("my_f1", "zh") == "my f1"


def test_the_language_of_the_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    assert i18n.find_language() == "en"
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert i18n.find_language() == "zh"
    monkeypatch.setenv("LC_ALL", "C")
    assert i18n.find_language() == "en"


def test_help_reads_no_catalogue(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(i18n, "_catalogue", None)  # whoever read one would fail
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    assert "doctor" in capsys.readouterr().out
