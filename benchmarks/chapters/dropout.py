# %% [markdown]
# # 4.6 Two hidden layers, some of whose units are dropped, from scratch

# %%
import torch
from torch import nn
from d2l import torch as d2l


def dropout_layer(X, share):
    if share == 1:
        return torch.zeros_like(X)
    if share == 0:
        return X
    mask = (torch.rand(X.shape) > share).float()
    return mask * X / (1.0 - share)


class Net(nn.Module):
    def __init__(self, is_training=True):
        super().__init__()
        self.training = is_training
        self.lin1, self.lin2 = nn.Linear(784, 256), nn.Linear(256, 256)
        self.lin3 = nn.Linear(256, 10)
        self.relu = nn.ReLU()

    def forward(self, X):
        H1 = self.relu(self.lin1(X.reshape((-1, 784))))
        if self.training:
            H1 = dropout_layer(H1, 0.2)
        H2 = self.relu(self.lin2(H1))
        if self.training:
            H2 = dropout_layer(H2, 0.5)
        return self.lin3(H2)


net = Net()
loss = nn.CrossEntropyLoss(reduction="none")
train_iter, test_iter = d2l.load_data_fashion_mnist(256)
trainer = torch.optim.SGD(net.parameters(), lr=0.5)

# %%
num_epochs = 10
stopwatch = d2l.Timer()
d2l.train_ch3(net, train_iter, test_iter, loss, num_epochs, trainer)
stopwatch.stop()

# %%
print("seconds", stopwatch.times[0])
print("loss", d2l.evaluate_loss(net, test_iter, loss), "accuracy", d2l.evaluate_accuracy(net, test_iter))
