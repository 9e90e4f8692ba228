"""What figures say, in English and Chinese."""

from __future__ import annotations

from typing import Literal

from linnet.errors import UsageError

Language = Literal["en", "zh"]

WORDS: dict[str, str] = {
    "a setting": "一组设置",
    "accuracy against coverage": "准确率与覆盖率",
    "accuracy of what is answered": "所回答样本的准确率",
    "accuracy": "准确率",
    "as good on both": "两者相同",
    "average precision": "平均精确率",
    "bias": "偏置",
    "bins of equal mass": "等频分箱",
    "bins of equal width": "等宽分箱",
    "cells are rows; colour is the share of the true class": "数字为样本数；颜色为占真实类别的比例",
    "column": "列",
    "confidence": "置信度",
    "confusion matrix": "混淆矩阵",
    "confusion matrix: accuracy {accuracy}": "混淆矩阵：准确率 {accuracy}",
    "contributions to each score": "各得分的贡献",
    "contributions to each score: row {row}, {label}": "各得分的贡献：第 {row} 行，{label}",
    "differences of weights: row less column": "权重之差：行减列",
    "epoch": "轮次",
    "every model diverged": "所有模型都发散了",
    "false positive rate": "假正率",
    "iteration": "迭代",
    "labelled {label}\nperhaps {guess}": "标注 {label}\n或为 {guess}",
    "objective above the bound": "目标值高出下界",
    "objective above the last": "目标值高出最后一步",
    "perfect calibration": "完全校准",
    "possible label errors: {n} rows": "可能的标注错误：{n} 行",
    "precision": "精确率",
    "precision-recall, one class against the rest": "精确率-召回率曲线（一类对其余）",
    "predicted": "预测类别",
    "proven gap {gap}": "已证明的间隙 {gap}",
    "recall": "召回率",
    "reliability": "可靠性图",
    "right without abstaining": "全部回答时",
    "ROC, one class against the rest": "ROC 曲线（一类对其余）",
    "rows": "样本数",
    "score {score}": "得分 {score}",
    "share of rows answered (coverage)": "回答的样本比例（覆盖率）",
    "test acc": "测试准确率",
    "test loss": "测试损失",
    "the best": "最佳",
    "the input": "输入",
    "the only setting": "唯一的设置",
    "top losses": "损失最大的样本",
    "train acc": "训练准确率",
    "train accuracy": "训练准确率",
    "train loss": "训练损失",
    "true positive rate": "真正率",
    "true": "真实类别",
    "validation acc": "验证准确率",
    "validation accuracy": "验证准确率",
    "validation loss": "验证损失",
    "weight": "权重",
    "{label}, said\n{guess} {chance}": "{label}，判为\n{guess} {chance}",
}
"""English to Chinese."""


def check(language: str) -> None:
    """Refuse a language that figures do not speak.

    Raises:
        UsageError: it is not "en" or "zh".
    """
    if language not in ("en", "zh"):
        raise UsageError(f"figures speak en (English) or zh (Chinese), not {language!r}")


def say(text: str, language: str, **values: object) -> str:
    """A text in a language, its blanks filled in.

    Raises:
        UsageError: another language.
    """
    check(language)
    return (text if language == "en" else WORDS[text]).format(**values)
