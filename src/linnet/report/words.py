"""The words of a page, in English and Chinese."""

from __future__ import annotations

from linnet.report.estimate_words import ESTIMATES

WORDS: dict[str, str] = {
    "Only its end was kept: there is no way to draw.": "只保留了终点，没有过程可画。",
    "A regression has no confusion matrix.": "回归没有混淆矩阵。",
    "A regression says no probabilities.": "回归不给出概率。",
    "A single setting has no figure.": "只有一组设置，没有图。",
    "A study's settings depend on all that was tried before: do its best setting again, in best/.":
        "研究中的每组设置取决于之前的全部尝试：请重做 best/ 中的最佳设置。",
    "As Python:": "Python 代码：",
    "As a command:": "命令行：",
    "As the best of several it is optimistically biased: what counts is the score on rows never looked at.":
        "作为多个中的最佳，它的得分偏乐观：真正算数的是从未看过的样本上的得分。",
    "At a glance": "概览",
    "Beyond noise?": "是否超出噪声",
    "Brier score": "Brier 分数",
    "Calibrated: {kind} scaling, learnt on {n} {source}.": "已校准：{kind} 缩放，在 {n} 个样本（{source}）上学得。",
    "Certificate": "最优性证书",
    "Coefficients": "系数",
    "Confusion matrix": "混淆矩阵",
    "Do it again": "重现",
    "Each class": "各类别",
    "Each under its own label, with what was said of it and how surely. On {part}.":
        "每个样本下方是它的标注，以及模型的判断和把握。取自{part}。",
    "Expected calibration error {ece} in {bins} bins of equal width; it would be {noise} were every "
    "probability true.": "期望校准误差 {ece}（{bins} 个等宽分箱）；若每个概率都准确，它会是 {noise}。",
    "F1": "F1",
    "F1 of {name}": "{name} 的 F1",
    "Huber loss": "Huber 损失",
    "Predicts {name}.": "预测 {name}。",
    "absolute loss": "绝对损失",
    "all rows are alike": "所有样本都相同",
    "all rows are of this class": "所有样本都属于该类别",
    "cross-entropy": "交叉熵",
    "fewer than 10 rows that count": "计入的样本不足 10 个",
    "logistic loss, summed over the classes": "逻辑损失（对各类别求和）",
    "never predicted": "从未被预测",
    "no rows of this class": "没有该类别的样本",
    "no rows of this class, and never predicted": "没有该类别的样本，也从未被预测",
    "not defined for any class": "对任何类别都没有定义",
    "precision of {name}": "{name} 的精确率",
    "recall of {name}": "{name} 的召回率",
    "Poisson deviance, halved": "泊松偏差的一半",
    "squared loss, halved": "平方损失的一半",
    "the target never differs": "目标值从不变化",
    "threshold": "阈值",
    "trained by": "训练所用损失",
    "{name} has no other to be drawn beside: its loss is the {loss}.": "{name} 没有可以并列的曲线：它的损失是{loss}。",
    "{names}: a dash, for the reason: {why}.": "{names}：以短横表示，原因是{why}。",
    "Figures": "指标",
    "Figures of the sweep": "扫描的图",
    "How honest the choice is": "选择有多可信",
    "It leads the next by {lead} ± {error}, which is beyond noise (paired t-test, p = {p}).":
        "它领先第二名 {lead} ± {error}，超出噪声（配对 t 检验，p = {p}）。",
    "It leads the next by {lead} ± {error}, which is within noise (paired t-test, p = {p}).":
        "它领先第二名 {lead} ± {error}，在噪声之内（配对 t 检验，p = {p}）。",
    "It leads the next by {lead}; whether that is noise cannot be said: use more folds.":
        "它领先第二名 {lead}；无法判断是否为噪声：请用更多折。",
    "Its standard error over folds and seeds is {error}: {near} of {n} settings are that near.":
        "它在各折与各种子上的标准误为 {error}；{n} 组设置中有 {near} 组与它相差不超过一个标准误。",
    "Learning curves": "学习曲线",
    "Likely label errors": "可能的标注错误",
    "McNemar's test: p = {p}; right alone: {b} and {c} rows": "McNemar 检验：p = {p}；仅一方正确：{b} 与 {c} 个样本",
    "Not looked for, as it trains a model a fold: linnet report RUN --label-errors.":
        "未查找，因为每折都要训练一个模型：linnet report RUN --label-errors。",
    "Nothing: they were asked the same.": "没有不同：它们的设置一样。",
    "On {n} {part}, with 95 % intervals.": "取自 {n} 个{part}，附 95 % 区间。",
    "On {n} {part}.": "取自 {n} 个{part}。",
    "Options that are not the usual ones stand first.": "与默认不同的选项排在前面。",
    "Ran with": "运行环境",
    "RMSE": "均方根误差",
    "R²": "R²",
    "Red raises a prediction, blue lowers it; all on one scale about zero.":
        "红色使预测值升高，蓝色使其降低；全部用同一刻度，以零为中心。",
    "Red speaks for a class, blue against it; all on one scale about zero.":
        "红色支持该类别，蓝色反对；所有类别用同一刻度，以零为中心。",
    "Reliability": "可靠性",
    "Rows are the true classes, columns the predicted; colour is the share of the true class.":
        "行为真实类别，列为预测类别；颜色为占真实类别的比例。",
    "SHA-256 of the training rows": "训练样本的 SHA-256",
    "Scores by the hyperparameters": "各设置的得分",
    "Scores over the epochs": "各轮次的得分",
    "Status: {status}. No bound on the distance from the optimum is known.": "状态：{status}。与最优值的距离没有已知的界。",
    "Status: {status}. No model of this kind has an objective lower than {low}.":
        "状态：{status}。同类模型的目标值都不低于 {low}。",
    "Templates": "权重模板",
    "The best of {n} settings, chosen by the {metric} on rows kept from training: {best}.":
        "从 {n} 组设置中按{metric}选出，所用样本未参与训练：{best}。",
    "The best {knob}, {value}, is the largest that was tried: widen {knob} upwards.":
        "最佳的 {knob}（{value}）是试过的最大值：请把 {knob} 向上放宽。",
    "The best {knob}, {value}, is the smallest that was tried: widen {knob} downwards.":
        "最佳的 {knob}（{value}）是试过的最小值：请把 {knob} 向下放宽。",
    "The best {knob}, {value}, lies near the largest of its range: widen {knob} upwards.":
        "最佳的 {knob}（{value}）接近其范围的上端：请把 {knob} 向上放宽。",
    "The best {knob}, {value}, lies near the smallest of its range: widen {knob} downwards.":
        "最佳的 {knob}（{value}）接近其范围的下端：请把 {knob} 向下放宽。",
    "The best setting has not been trained again on all rows yet: result.refit(test).":
        "最佳设置尚未在全部样本上重新训练：result.refit(test)。",
    "The best setting, trained again on all training rows": "最佳设置，在全部训练样本上重新训练",
    "The commonest mistakes of {n} classes:": "{n} 个类别中最常见的错误：",
    "The commonest mistakes:": "最常见的错误：",
    "The data": "数据",
    "The rows are not images, so there are no templates.": "样本不是图像，因此没有权重模板。",
    "The rows of {name} are not at hand: they were in memory when it was trained.":
        "{name} 的样本不在手边：训练时它们只在内存中。",
    "The rows of {name} are not at hand: {error}": "{name} 的样本不在手边：{error}",
    "The rows of {name} at hand, or their weights, are not those it was trained on.":
        "手边 {name} 的样本（或其权重）与训练时的不同。",
    "The run ended early ({status}); these lines go on to the end.": "运行提前结束（{status}）；以下代码会跑完全程。",
    "The run trained a module of yours, and this is worked out for linear models only.":
        "这次运行训练的是你自己的模块，此部分只适用于线性模型。",
    "The run trained a module of yours, which linnet cannot make again.": "这次运行训练的是你自己的模块，linnet 无法重建它。",
    "The run was stopped before an epoch had ended.": "运行在第一轮结束之前就停止了。",
    "The runs have no curve in common.": "这些运行没有共同的曲线。",
    "The same data, versions, machine and threads give the same bytes: linnet replay RUN checks it.":
        "相同的数据、版本、机器与线程数给出相同的字节；linnet replay RUN 会检验是否如此。",
    "The scores are not of {names}: too few rows to keep any from training.":
        "得分不包括 {names}：样本太少，无法从训练中留出。",
    "The settings": "各组设置",
    "The solver or the loss was given as an object that no file can name: there are no lines to give.":
        "求解器或损失以文件无法记下的对象给出：无法给出代码。",
    "The rows of {name} are not at hand: its files are not here (linnet data fetch).":
        "{name} 的样本不在手边：此处没有它的文件（linnet data fetch）。",
    "The rows of {name} are not at hand: they were in memory, or have moved (--data-dir).":
        "{name} 的样本不在手边：它们只在内存中，或已被移动（--data-dir）。",
    "Run these lines in the folder that holds {files}: a page leaves out where that is. The weights are the "
    "same; the model's file differs in the name of its data.":
        "请在存放 {files} 的文件夹中运行以上代码：报告不写出它的位置。权重相同，模型文件只在数据名称上不同。",
    "Its files are looked for where linnet looks; if they are elsewhere, say --data-dir, data_dir=.":
        "数据文件按 linnet 的惯例查找；若在别处，请用 --data-dir 或 data_dir= 指明。",
    "The way to the optimum": "通往最优的过程",
    "There is no other to compare it with.": "没有其他设置可比较。",
    "This needs the training rows and the recipe of a training.": "此部分需要训练样本和训练的设置。",
    "Top losses": "损失最大的样本",
    "Trained again on all training rows and scored once on the test rows: {tested}.":
        "在全部训练样本上重新训练，并在测试样本上只评一次：{tested}。",
    "Validation against training": "验证与训练对照",
    "What differs in what was asked": "设置的不同之处",
    "What was asked": "运行设置",
    "With 95 % intervals, on {n} {part}.": "附 95 % 区间，取自 {n} 个{part}。",
    "Status: {status}.": "状态：{status}。",
    "a Newton step would gain about": "再走一步牛顿法约可降低",
    "a module of yours": "你自己的模块",
    "accuracy": "准确率",
    "converged": "已收敛",
    "exact": "精确",
    "iteration limit": "迭代用尽",
    "stalled": "停滞",
    "no optimum": "没有最优值",
    "rounding allows no lower objective": "舍入误差使目标值无法再降低",
    "the classes can be told apart without error, so the loss falls towards 0 as the weights grow "
    "without end: set l2 above 0":
        "各类可以毫无差错地分开，权重无限增大时损失趋于 0：请把 l2 设为大于 0",
    "some rows can be told apart without error by a direction that leaves the other rows' scores as they "
    "are, so weights grow without end along it: set l2 above 0, or leave out the column that tells them apart":
        "沿某个方向可以毫无差错地分开一部分样本，而其余样本的分数不变，权重会沿它无限增大：请把 l2 设为大于 0，或去掉造成分离的那一列",
    "duality": "对偶",
    "curvature": "平方损失的曲率（精确）",
    "self-concordance": "牛顿减量与自协调性",
    "strong convexity": "强凸性",
    "losses are never negative": "损失不为负",
    "at most so far above the optimum": "至多高出最优值",
    "beyond noise": "超出噪声",
    "bounded by": "界的依据",
    "class": "类别",
    "completed": "已完成",
    "contents": "目录",
    "difference": "差",
    "epoch": "轮次",
    "features": "特征",
    "features are multiplied by": "特征乘以",
    "images": "图像",
    "interrupted": "已中断",
    "iterations": "迭代次数",
    "label": "标注",
    "log loss": "对数损失",
    "loss": "损失",
    "macro F1": "宏平均 F1",
    "mean absolute error": "平均绝对误差",
    "model": "模型",
    "models": "模型数",
    "name": "名称",
    "norm of the gradient": "梯度范数",
    "objective (mean loss and penalty)": "目标值（平均损失与惩罚）",
    "of the class": "真实类别",
    "option": "选项",
    "parameter": "参数",
    "passes over the data": "遍历数据次数",
    "perhaps {guess}": "或为 {guess}",
    "precision": "精确率",
    "recall": "召回率",
    "row": "样本",
    "row {n}": "第 {n} 行",
    "rows": "样本数",
    "said {guess}, {chance}": "判为 {guess}，{chance}",
    "seconds": "秒",
    "settings": "设置数",
    "source": "来源",
    "standard error": "标准误",
    "status": "状态",
    "taken for": "被判为",
    "test accuracy": "测试准确率",
    "test loss": "测试损失",
    "test rows": "测试样本",
    "they are judged by other rows.": "它们所用的评估样本不同。",
    "train accuracy": "训练准确率",
    "train loss": "训练损失",
    "training rows": "训练样本",
    "training rows, an optimistic view, for there are no test rows": "训练样本（没有测试样本，因此偏乐观）",
    "truth less value": "真值减所得值",
    "rows set aside to validate on": "留作验证的样本",
    "validation accuracy": "验证准确率",
    "validation loss": "验证损失",
    "value": "值",
    "verdict": "结论",
    "weights that are not 0": "非零权重",
    "within noise": "在噪声之内",
    "noise or not: unknown": "是否为噪声：无法判断",
    "{kind} on {name}": "{kind}：{name}",
    "{name} cannot be compared with {first}: {error}": "{name} 无法与 {first} 比较：{error}",
    "{name} less {first}:": "{name} 减 {first}：",
    "{name}: on {n} {part} of {data}.": "{name}：取自 {data} 的 {n} 个{part}。",
    "{n} classes of {ends} training rows each.": "{n} 个类别，每类 {ends} 个训练样本。",
    "{n} coefficients are too many to list.": "{n} 个系数太多，不一一列出。",
    "{n} epochs": "{n} 轮",
    "{n} models on {name}": "{name} 上的 {n} 个模型",
    "{n} more settings are in table.csv.": "另有 {n} 组设置见 table.csv。",
    "{n} rows, the likeliest first: judge them by eye.": "{n} 个样本，最可疑的在前：请用肉眼判断。",
    "{value}, not {usual}": "{value}（默认 {usual}）",
    "{n} runs compared": "{n} 次运行的比较",
}  # fmt: skip
"""English to Chinese."""
WORDS |= ESTIMATES


def say(text: str, language: str, **values: object) -> str:
    """A text in a language, its blanks filled in."""
    return (text if language == "en" else WORDS[text]).format(**values)
