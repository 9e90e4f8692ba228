# %% [markdown]
# # 脚本
# 直接运行

# %% 数据
import sys
from pathlib import Path

from d2l import torch as d2l

print(Path(__file__).name, len(sys.argv))

# %%
if __name__ == "__main__":
    d2l.plot(d2l.arange(3), [d2l.arange(3) ** 2])
    d2l.plt.show()
