"""The words of a page on estimates and their errors, in English and Chinese."""

from __future__ import annotations

from linnet.inference import covariance, design, notes, remarks

REASONS = {
    remarks.COLLINEAR: ("共线", "样本不能确定它：估计只是同样合适的多种取值之一"),
    remarks.RISES: ("分离", "最大似然值为 +∞，因为类别可以无误地区分"),
    remarks.FALLS: ("分离", "最大似然值为 −∞，因为类别可以无误地区分"),
    remarks.ENDLESS: ("分离", "不论它取何值，类别都可以无误地区分：最大似然值不存在"),
    remarks.CONSTANT: ("目标不变", "目标从不变化，没有可解释或可检验的内容"),
    remarks.ONE_CLASS: ("目标不变", "所有行属于同一类别，没有可解释的内容"),
    remarks.EXACT: ("精确拟合", "残差只是数据的舍入，没有误差可作判断的依据"),
    remarks.SATURATED: ("无剩余自由度", "行数不多于参数个数，没有残差可作判断的依据"),
    remarks.LEVERAGE: ("杠杆值为 1", "它只由一行决定，不论误差多大，这一行的残差总是 0"),
    remarks.SHRUNK: ("已收缩", "L2 下的估计被拉向 0，对 0 的检验不成立"),
    remarks.SAMPLED: ("抽样权重", "各行被抽到的概率不同，没有可用来比较模型的似然"),
    remarks.NO_FEATURES: ("没有特征", "除常数外没有可检验的内容"),
    remarks.FEW_BAGS: ("没有自助样本", "自身有最优点的自助样本少于两个"),
}
"""Of each reason its name and the rest."""

WEIGHED = "；样本权重为{weights}"
METHODS = {
    covariance.METHOD: "标准误取自{errors}；{level} % {interval}区间，按{by}",
    covariance.BAGGED: "标准误取自 {bags} 次自助抽样；{level} % {interval}区间，按{by}",
}

ESTIMATES: dict[str, str] = {
    **{why.name: said[0] for why, said in REASONS.items()},
    **{str(why): "：".join(said) for why, said in REASONS.items()},
    **METHODS,
    **{english + covariance.WEIGHED: chinese + WEIGHED for english, chinese in METHODS.items()},
    design.MEANINGS[design.FREQUENCY]: "频数",
    design.MEANINGS[design.PRECISION]: "精度",
    design.MEANINGS[design.IMPORTANCE]: "抽样权重（代表的个数）",
    notes.TOO_FEW:
        "按频数理解，权重表示 {rows} 行共有 {total} 次观测，不多于 {parameters} 个参数；若它们不是计数，"
        "请用 weight_kind "
    "说明是 precision 或 importance",
    notes.NONE_WHOLE:
        "按频数理解，权重表示 {rows} 行共有 {total} 次观测，且没有一行满一次；若它们不是计数，请用 weig"
        "ht_kind "
    "说明是 precision 或 importance",
    notes.MANY_ALIKE: "{groups}：它们的估计只是同样合适的多种取值之一，因此没有标准误",
    notes.APART:
        "样本能无误地区分 {classes}（至少在某些列上，即分离）：{features} 的最大似然权重没有终点。其余"
        "数字取自极限问题，其中 "
    "{rows} 行里有 {aside} 行不再起作用；若要有限的权重，请设 l2",
    notes.LOST: "{lost} 次自助抽样没有自己的最优点（不同的行太少，或类别可以区分），已略去，因此标准误偏小",
    notes.DRAWN:
        "自助抽样按行的顺序抽取：换一种行的顺序或换一个种子，这些标准误会变动约 {share}%；"
        "抽样次数越多，变动越小",
    notes.ALONE:
        "{features} 只由一行决定（杠杆值为 1；第 {rows} 行）：不论误差多大，它的残差总是 0，因此 {covariance}"
        " 在这里没有标准误",
    notes.UNSEEN:
        "有一行决定自己的拟合（杠杆值为 1；第 {rows} 行）：{covariance} 把它的误差当作 0，因此它所影响"
        "的标准误偏小",
    notes.PLAIN: "{output}：{reason}",
    notes.DISPERSED:
        "计数的变异是泊松分布的 {dispersion} 倍，而这些标准误以泊松分布为前提：三明治估计的标准误不受此限",
    notes.SHRUNKEN: "估计被拉向 0，因此没有 p 值，区间也不是关于真值的",
    "the Hessian": "黑塞矩阵",
    "the Hessian and the penalty": "黑塞矩阵与惩罚",
    "the sandwich": "三明治估计",
    "the sandwich (HC0)": "三明治估计（HC0）",
    "the sandwich (HC1)": "三明治估计（HC1）",
    "the sandwich (HC2)": "三明治估计（HC2）",
    "the sandwich (HC3)": "三明治估计（HC3）",
    "the bootstrap": "自助法",
    "confidence": "置信",
    "credible": "可信",
    "Student's t": "学生 t 分布",
    "the normal distribution": "正态分布",
    "columns are collinear": "有共线的列",
    "bias": "偏置",
    "Estimates": "估计与标准误",
    "Residuals and fit": "残差与拟合",
    "All estimates are in inference.csv.": "全部估计见 inference.csv。",
    "Estimates with their intervals": "估计及其区间",
    "Residuals by fitted values": "残差与拟合值",
    "Residuals against normal quantiles": "残差与正态分位数（Q–Q 图）",
    "Pearson residuals by fitted means": "皮尔逊残差与拟合均值",
    "Where the model is right the cloud has no shape, and most of it lies between −2 and 2. A fan asks "
    "for --covariance sandwich, a bow for other columns.":
        "模型正确时，点云没有形状，且大多位于 −2 与 2 之间。呈扇形时请用"
        " --covariance sandwich；呈弧形时需要别的列。",
    "deviance": "偏差",
    "dispersion": "离散度",
    "Shares less probabilities, in bins": "分箱的实际比例减预测概率",
    "{output} against {reference}": "{output} 对 {reference}",
    "estimate": "估计",
    "std. error": "标准误",
    "low": "下限",
    "high": "上限",
    "target": "目标",
    "parameters": "参数个数",
    "degrees of freedom": "自由度",
    "adjusted R²": "调整后的 R²",
    "R² (uncentred: about 0, not about the mean)": "R²（未中心化：以 0 而非均值为准）",
    "residual standard deviation": "残差标准差",
    "F test": "F 检验",
    "McFadden's R²": "McFadden R²",
    "log-likelihood": "对数似然",
    "log-likelihood without features": "无特征时的对数似然",
    "likelihood ratio test": "似然比检验",
    "AIC": "AIC",
    "BIC": "BIC",
    "Where the model is right the left cloud has no shape and even width, and the right one lies along "
    "the line. A fan asks for --covariance hc3; a bow for other columns; far ends off the line for a "
    "look at those rows.":
        "模型正确时，左图的点没有形状、宽度均匀，右图的点沿直线分布。左图呈扇形时请用"
        " --covariance hc3；呈弧形时需要别的列；右图两端远离直线时，请查看那些行。",
    "Each point is some rows of alike probability; 19 of 20 lie in the band where the model is right. A "
    "bow asks for other columns.":
        "每个点是概率相近的若干行；模型正确时，二十个点中有十九个在带内。呈弧形时需要别的列。",
}  # fmt: skip
"""English to Chinese."""
