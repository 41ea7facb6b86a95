"""How fast lossbook is: value and gradient together, on one thread, as ratios of runs side by side.

Each round runs every contestant once, one after the other, so that what slows the machine slows them all.
A figure is the median over the rounds of a contestant's time over lossbook's: 2.0 is twice lossbook's time.
"""

import os

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[threads] = "1"

from argparse import ArgumentParser  # noqa: E402
from statistics import median  # noqa: E402
from time import perf_counter  # noqa: E402

import numpy as np  # noqa: E402

from lossbook import arrays, losses  # noqa: E402

try:
    from sklearn._loss import loss as sklearn_losses
except ImportError:
    sklearn_losses = None
try:
    import torch

    torch.set_num_threads(1)
except ImportError:
    torch = None

random = np.random.default_rng(0)


# --- whole-array NumPy, as one would write it by hand: stable, but with no care for the last digits --------


def numpy_binary(z, y):
    small = np.exp(-np.abs(z))
    value = np.maximum(z, 0) - y * z + np.log1p(small)
    return value, np.where(z < 0, small, 1) / (1 + small) - y


def numpy_huber(prediction, y):
    residual = prediction - y
    size = np.abs(residual)
    value = np.where(size < 1, 0.5 * residual * residual, size - 0.5)
    return value, np.clip(residual, -1, 1)


def numpy_softmax(z, labels):
    rows = np.arange(len(z))
    shifted = z - np.max(z, axis=1, keepdims=True)
    gradient = np.exp(shifted)
    total = np.sum(gradient, axis=1)
    value = np.log(total) - shifted[rows, labels]
    gradient /= total[:, None]
    gradient[rows, labels] -= 1
    return value, gradient


# --- the cases -------------------------------------------------------------------------------------------


def with_sklearn(loss, prediction, y):
    """scikit-learn's value and gradient; its targets are floats, labels too."""
    y = y.astype(prediction.dtype)
    return lambda: loss.loss_gradient(y_true=y, raw_prediction=prediction, n_threads=1)


def with_torch(loss, prediction, y):
    """PyTorch's value of each sample, and the gradient by its backward pass."""
    leaf = torch.tensor(prediction, requires_grad=True)
    y = torch.tensor(y)

    def run():
        leaf.grad = None
        value = loss(leaf, y, reduction="none")
        value.sum().backward()
        return value, leaf.grad

    return run


def contestants(name, by_hand, sklearn_name, torch_name, prediction, y):
    """Each contestant's name and what it runs, lossbook first."""
    loss = getattr(losses, name)
    runs = {"lossbook": lambda: loss.value_and_gradient(prediction, y), "NumPy": lambda: by_hand(prediction, y)}
    if sklearn_losses is not None:
        options = {"n_classes": prediction.shape[1]} if prediction.ndim == 2 else {}
        if sklearn_name == "HuberLoss":
            options = {"quantile": 0.9, "delta": 1.0}
        runs["scikit-learn"] = with_sklearn(getattr(sklearn_losses, sklearn_name)(**options), prediction, y)
    if torch is not None:
        runs["PyTorch"] = with_torch(getattr(torch.nn.functional, torch_name), prediction, y)
    runs["copy"] = lambda: (prediction.copy(), y.copy())
    return runs


def cases():
    """The name of each case and its contestants."""
    z = random.normal(0, 4, 1_000_000)
    binary = (random.random(z.size) < 0.5).astype(float)
    names = ("binary_cross_entropy_with_logits", numpy_binary, "HalfBinomialLoss", "binary_cross_entropy_with_logits")
    yield "binary cross-entropy from logits, 1e6", contestants(*names, z, binary)
    yield "Huber, 1e6", contestants("huber", numpy_huber, "HuberLoss", "huber_loss", z / 4, random.normal(0, 1, z.size))
    for rows, classes in ((100_000, 10), (10_000, 1000)):
        z = random.normal(0, 3, (rows, classes))
        labels = random.integers(0, classes, rows)
        names = ("softmax_cross_entropy", numpy_softmax, "HalfMultinomialLoss", "cross_entropy")
        yield f"softmax cross-entropy, {rows} x {classes}", contestants(*names, z, labels)


def times(runs, rounds):
    """Seconds of each contestant in each round, after one round to warm up."""
    taken = {name: [] for name in runs}
    for turn in range(rounds + 1):
        for name, run in runs.items():
            start = perf_counter()
            run()
            if turn:
                taken[name].append(perf_counter() - start)
    return taken


def check_equal(runs):
    """All but the copy compute the same numbers (Huber's slope may differ at a kink, which is never hit)."""
    value, gradient = runs["lossbook"]()
    for name in runs.keys() - {"lossbook", "copy"}:
        others = [np.asarray(part.detach() if hasattr(part, "detach") else part) for part in runs[name]()]
        np.testing.assert_allclose(others[0], value, rtol=1e-9, atol=1e-12, err_msg=name)
        np.testing.assert_allclose(others[1], gradient, rtol=1e-9, atol=1e-12, err_msg=name)


def main():
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15, help="runs of each contestant (default 15)")
    rounds = parser.parse_args().rounds
    compare("time over lossbook", rounds)
    try:
        arrays.use_numba()
    except ImportError as error:
        print(error)
    else:
        compare("time over lossbook with Numba", rounds)


def compare(heading, rounds):
    """Print a table of all cases."""
    print(f"{heading:40}{'NumPy':>8}{'scikit-learn':>14}{'PyTorch':>9}{'copy':>7}{'lossbook':>14}")
    for title, runs in cases():
        check_equal(runs)
        taken = times(runs, rounds)
        base = taken["lossbook"]
        cells = []
        for name, width in (("NumPy", 8), ("scikit-learn", 14), ("PyTorch", 9), ("copy", 7)):
            ratio = f"{median(a / b for a, b in zip(taken[name], base)):.2f}" if name in taken else "-"
            cells.append(f"{ratio:>{width}}")
        print(f"{title:40}{''.join(cells)}{1e3 * median(base):>11.1f} ms")


if __name__ == "__main__":
    main()
