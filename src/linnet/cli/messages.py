"""The texts of `linnet doctor` in English and Chinese."""

from __future__ import annotations

import os

MESSAGES: dict[str, tuple[str, str]] = {
    "python": ("Python", "Python"),
    "python_old": ("linnet needs Python 3.10 or newer: install one", "linnet 需要 Python 3.10 或更新版本，请安装"),
    "torch": ("PyTorch", "PyTorch"),
    "torch_old": ("linnet needs torch 2.4 or newer: pip install -U torch", "linnet 需要 torch 2.4 或更新版本：pip install -U torch"),
    "torch_missing": ("not installed: pip install torch", "未安装：pip install torch"),
    "device": ("device", "计算设备"),
    "threads": ("threads", "线程"),
    "threads_found": ("{cores} cores, torch uses {threads}", "{cores} 个核心，torch 使用 {threads} 个线程"),
    "threads_many": (
        "more threads than cores spin against each other: unset OMP_NUM_THREADS or pass --threads {cores}",
        "线程多于核心会互相抢占：请取消 OMP_NUM_THREADS，或使用 --threads {cores}",
    ),
    "openmp": ("OpenMP runtimes", "OpenMP 运行库"),
    "openmp_unknown": ("cannot be listed on this system", "此系统上无法列出"),
    "openmp_twice": (
        "several OpenMP runtimes in one process can crash or slow it: install torch, numpy and "
        "scikit-learn from one source (all by pip, or all by conda)",
        "同一进程中有多个 OpenMP 运行库，可能崩溃或变慢：请从同一来源安装 torch、numpy、scikit-learn（都用 pip 或都用 conda）",
    ),
    "data": ("Fashion-MNIST", "Fashion-MNIST"),
    "data_missing": (
        "not found: linnet data fetch, or set LINNET_DATA to the folder with its four files",
        "未找到：运行 linnet data fetch，或把 LINNET_DATA 设为四个文件所在的文件夹",
    ),
    "data_changed": (
        "damaged, or not Fashion-MNIST: move the file away, then linnet data fetch",
        "文件已损坏，或不是 Fashion-MNIST：请先把它移走，再运行 linnet data fetch",
    ),
    "write": ("write access", "写入权限"),
    "write_no": ("cannot write here: change the folder, or pass --out", "无法写入：请换一个文件夹，或使用 --out"),
    "all_well": ("All is well.", "一切正常。"),
    "mend": ("Mend what is marked above.", "请处理上面标出的问题。"),
}  # fmt: skip


def is_chinese(lang: str) -> bool:
    """Whether to speak Chinese: asked for, or the locale's language under "auto"."""
    if lang != "auto":
        return lang == "zh"
    names = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return (next(filter(None, names), "")).startswith("zh")


def say(key: str, chinese: bool, **values: object) -> str:
    """A message in one of the languages, its blanks filled in."""
    return MESSAGES[key][int(chinese)].format(**values)
