# %% [markdown]
# # 3.6 Softmax regression from scratch: model, loss, loops and figure are the notes' own

# %%
import torch
from IPython import display
from d2l import torch as d2l

train_iter, test_iter = d2l.load_data_fashion_mnist(256)

W = torch.normal(0, 0.01, size=(784, 10), requires_grad=True)
b = torch.zeros(10, requires_grad=True)


def softmax(scores):
    powers = torch.exp(scores)
    return powers / powers.sum(1, keepdim=True)


def net(X):
    return softmax(torch.matmul(X.reshape(-1, W.shape[0]), W) + b)


def cross_entropy(shares, y):
    return -torch.log(shares[range(len(shares)), y])


def hits(shares, y):
    return float((shares.argmax(axis=1).type(y.dtype) == y).type(y.dtype).sum())


class Sums:
    def __init__(self, count):
        self.data = [0.0] * count

    def add(self, *more):
        self.data = [total + float(one) for total, one in zip(self.data, more)]


def evaluate(net, batches):
    sums = Sums(2)
    with torch.no_grad():
        for X, y in batches:
            sums.add(hits(net(X), y), y.numel())
    return sums.data[0] / sums.data[1]


def train_epoch(net, batches, loss, updater):
    sums = Sums(3)
    for X, y in batches:
        shares = net(X)
        losses = loss(shares, y)
        losses.sum().backward()
        updater(X.shape[0])
        sums.add(float(losses.sum()), hits(shares, y), y.numel())
    return sums.data[0] / sums.data[2], sums.data[1] / sums.data[2]


class Curves:
    def __init__(self, names):
        d2l.use_svg_display()
        self.figure, self.axes = d2l.plt.subplots(figsize=(3.5, 2.5))
        self.names, self.points = names, []

    def add(self, epoch, figures):
        self.points.append((epoch, *figures))
        epochs, *curves = zip(*self.points)
        self.axes.cla()
        for curve in curves:
            self.axes.plot(epochs, curve)
        self.axes.set_ylim(0.3, 0.9)
        self.axes.legend(self.names)
        self.axes.grid()
        display.display(self.figure)
        display.clear_output(wait=True)


# %%
num_epochs = 10
stopwatch = d2l.Timer()
curves = Curves(["train loss", "train acc", "test acc"])
for epoch in range(num_epochs):
    trained = train_epoch(net, train_iter, cross_entropy, lambda rows: d2l.sgd([W, b], 0.1, rows))
    tested = evaluate(net, test_iter)
    curves.add(epoch + 1, (*trained, tested))
stopwatch.stop()

# %%
print("seconds", stopwatch.times[0], "loss", trained[0], "accuracy", tested)
