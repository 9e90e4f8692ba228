# %% [markdown]
# # 4.2 A perceptron with a hidden layer, from scratch

# %%
import torch
from torch import nn
from d2l import torch as d2l

train_iter, test_iter = d2l.load_data_fashion_mnist(256)

W1 = nn.Parameter(torch.randn(784, 256, requires_grad=True) * 0.01)
b1 = nn.Parameter(torch.zeros(256, requires_grad=True))
W2 = nn.Parameter(torch.randn(256, 10, requires_grad=True) * 0.01)
b2 = nn.Parameter(torch.zeros(10, requires_grad=True))
params = [W1, b1, W2, b2]


def relu(X):
    return torch.max(X, torch.zeros_like(X))


def net(X):
    hidden = relu(X.reshape((-1, 784)) @ W1 + b1)
    return hidden @ W2 + b2


loss = nn.CrossEntropyLoss(reduction="none")

# %%
num_epochs = 10
stopwatch = d2l.Timer()
d2l.train_ch3(net, train_iter, test_iter, loss, num_epochs, torch.optim.SGD(params, lr=0.1))
stopwatch.stop()

# %%
print("seconds", stopwatch.times[0])
print("loss", d2l.evaluate_loss(net, test_iter, loss), "accuracy", d2l.evaluate_accuracy(net, test_iter))
