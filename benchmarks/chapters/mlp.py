# %% [markdown]
# # 4.3 The same by layers of PyTorch's

# %%
import torch
from torch import nn
from d2l import torch as d2l

net = nn.Sequential(nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 10))


def init_weights(layer):
    if type(layer) == nn.Linear:
        nn.init.normal_(layer.weight, std=0.01)


net.apply(init_weights)
loss = nn.CrossEntropyLoss(reduction="none")
trainer = torch.optim.SGD(net.parameters(), lr=0.1)
train_iter, test_iter = d2l.load_data_fashion_mnist(256)

# %%
num_epochs = 10
stopwatch = d2l.Timer()
d2l.train_ch3(net, train_iter, test_iter, loss, num_epochs, trainer)
stopwatch.stop()

# %%
print("seconds", stopwatch.times[0])
print("loss", d2l.evaluate_loss(net, test_iter, loss), "accuracy", d2l.evaluate_accuracy(net, test_iter))
