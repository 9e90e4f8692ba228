"""The words of figures, in English and Chinese."""

from __future__ import annotations

from typing import Literal

from linnet.errors import UsageError

Language = Literal["en", "zh"]

WORDS: dict[str, str] = {
    "19 in 20 by chance": "偶然所致，二十次中的十九次",
    "a setting": "一组设置",
    "{name}, {steps} steps": "{name}，{steps} 步",
    "accuracy against coverage": "准确率与覆盖率",
    "accuracy of what is answered": "所回答样本的准确率",
    "accuracy": "准确率",
    "as good on both": "两者相同",
    "average precision": "平均精确率",
    "cells are rows; colour is the share of the true class": "数字为样本数；颜色为占真实类别的比例",
    "changed": "变换后",
    "classes in the set": "集合中的类别数",
    "classes, on average": "平均类别数",
    "column": "列",
    "confidence": "置信度",
    "confusion matrix": "混淆矩阵",
    "confusion matrix: accuracy {accuracy}": "混淆矩阵：准确率 {accuracy}",
    "contributions to each score": "各得分的贡献",
    "contributions to each score: row {row}, {label}": "各得分的贡献：第 {row} 行，{label}",
    "coverage asked for": "要求的覆盖率",
    "coverage of each class, {asked} asked for": "各类的覆盖率（要求 {asked}）",
    "coverage": "覆盖率",
    "differences of weights: row less column": "权重之差：行减列",
    "diverges": "发散",
    "ECE {ece}, {bins} bins of equal mass": "ECE {ece}，{bins} 个等频分箱",
    "ECE {ece}, {bins} bins of equal width": "ECE {ece}，{bins} 个等宽分箱",
    "best {penalty}": "最佳 {penalty}",
    "epoch": "轮次",
    "estimate": "估计值",
    "estimate and {share} % interval": "估计值与 {share} % 区间",
    "every model diverged": "所有模型都发散了",
    "false positive rate": "假正率",
    "iteration": "迭代",
    "labelled {label}\nperhaps {guess}": "标注 {label}\n或为 {guess}",
    "lowest coverages of a class, {asked} asked for": "各类中最低的覆盖率（要求 {asked}）",
    "learning rate": "学习率",
    "least confidence answered": "所回答样本的最低置信度",
    "loss": "损失",
    "measured": "实测",
    "no rows": "没有样本",
    "no rows to tell apart": "没有可区分的样本",
    "objective above the bound": "目标值高出下界",
    "objective above the last": "目标值高出最后一步",
    "original": "原图",
    "perfect calibration": "完全校准",
    "possible label errors: {n} rows": "可能的标注错误：{n} 行",
    "precision": "精确率",
    "precision-recall, one class against the rest": "精确率-召回率曲线（一类对其余）",
    "predicted": "预测类别",
    "prediction sets": "预测集",
    "prediction sets, learnt on {n} rows kept from training": "预测集，在未参与训练的 {n} 行上学得",
    "prediction sets, learnt on {n} training rows: no guarantee": "预测集，在 {n} 行训练数据上学得：没有保证",
    "proven gap {gap}": "已证明的间隙 {gap}",
    "recall": "召回率",
    "reliability": "可靠性图",
    "right without abstaining": "全部回答时",
    "ROC, one class against the rest": "ROC 曲线（一类对其余）",
    "rows": "样本数",
    "score {score}, bias {bias}": "得分 {score}，偏置 {bias}",
    "share of rows answered (coverage)": "回答的样本比例（覆盖率）",
    "share of rows": "样本比例",
    "size of the sets": "集合的大小",
    "size of the sets, {asked} asked for": "集合的大小（要求 {asked}）",
    "suggestion {rate}": "建议 {rate}",
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
    "fitted value": "拟合值",
    "residual": "残差",
    "normal quantile": "正态分位数",
    "residual / standard deviation": "残差 / 标准差",
    "predicted probability": "预测概率",
    "observed share less predicted": "实际比例减预测概率",
    "validation acc": "验证准确率",
    "validation accuracy": "验证准确率",
    "validation loss": "验证损失",
    "weight": "权重",
    "{label}, said\n{guess} {chance}": "{label}，判为\n{guess} {chance}",
    "{n} other classes": "其余 {n} 类",
    "{shown} highest of {n} scores": "{n} 个得分中最高的 {shown} 个",
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
