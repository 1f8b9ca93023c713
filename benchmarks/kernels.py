"""How fast is one training step's gradient, against PyTorch on the same cores?

    python benchmarks/kernels.py [--cell elman|gru|lstm] [--repeats 40] [--dtype float32]

Forward and backward of one minibatch, the way training does it (engine, chunks, threads, adding up
the chunks), against the same network of torch.nn with the same weights: a recurrent layer and a
linear one on the last state; for the last two shapes the forecasters' own network, whose linear
layer reads all states and the inputs. Both compute in turns, so that noise hits both; the medians
count. A row is marked "busy" if one side's median is far above its fastest call: then other
programs took the cores away, and the ratio means little; that of the fastest calls is less
disturbed. Before anything is timed, the gradients are compared. The script ends with status 2 where
torch is not installed.
"""

import argparse
import importlib.util
import os
import sys
import time

# Where compiled code goes through OpenBLAS (neither AVX-512 nor AVX2), that takes the code which
# suits the processor, unless the environment forces another and slows our products alone.
for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(name, None)

import numpy as np
from threadpoolctl import threadpool_info

from forecaster._jit import simd_bytes
from forecaster._threads import single_threaded_blas
from forecaster.kernels.optim import combine
from forecaster.nn.cell import CELLS
from forecaster.nn.engine import Engine
from forecaster.nn.losses import Loss
from forecaster.nn.network import Network
from forecaster.nn.source import ArraySource

# (rows, steps, inputs, hidden units, outputs), readout
CASES = [
    ((32, 12, 1, 8, 1), "last"),
    ((32, 24, 1, 16, 1), "last"),
    ((64, 24, 1, 32, 1), "last"),
    ((256, 24, 1, 32, 1), "last"),
    ((256, 24, 1, 64, 1), "last"),
    ((1024, 48, 4, 64, 1), "last"),
    ((1024, 48, 4, 128, 1), "last"),
    ((256, 96, 8, 256, 1), "last"),
    ((256, 4, 3, 64, 6), "all"),
    ((256, 8, 24, 64, 48), "all"),
]
LAYERS = {"elman": "RNN", "gru": "GRU", "lstm": "LSTM"}  # the cells' names in torch.nn
# The ratio to be reached at each case
GATED_GOALS = [10, 1, 5, 1, 1, 1, 1.5, 1, 1, 1]
GOALS = {
    "elman": [30, 20, 11, 5.5, 3.4, 2.5, 2.3, 1.4, 1, 1],
    "gru": GATED_GOALS,
    "lstm": GATED_GOALS,
}
N_THREADS = os.cpu_count() or 1
# A turn: a pause, since the other's threads spin for some milliseconds after their last work and
# would take a core away; calls that are not counted, until the operating system has spread the
# threads over the cores again; calls that count.
PAUSE, WARM_UP, COUNTED = 0.02, 0.1, 5
BUSY = 1.6  # median over fastest call, from which on a measurement is not to be trusted


def multiplications(cell, shape, readout):
    """Multiplications of one forward and backward pass: the matrix products alone."""
    B, T, D, H, O = shape
    K, skipped = (T * H, T * D) if readout == "all" else (H, 0)
    gates = CELLS[cell].shapes(D, H, O)["Wx"][1] // H
    return B * T * gates * (2 * D * H + 3 * H * H) + B * O * (3 * K + 2 * skipped)


class Ours:
    """One minibatch in memory, its network, and the gradient as training computes it."""

    def __init__(self, cell, shape, readout, dtype, rng):
        B, T, D, H, O = shape
        self.network = Network(T, D, (H,), O, cell, readout=readout, skip=readout == "all")
        self.theta = self.network.initial(rng, np.dtype(dtype))
        self.views = self.network.views(self.theta)
        for view in self.views.values():  # the skip path and the biases, too, are put to work
            if not view.any():
                view[:] = 0.1 * rng.standard_normal(view.shape)
        self.X = rng.standard_normal((B, T, D)).astype(dtype)
        self.Z = rng.standard_normal((B, 1, O)).astype(dtype)
        self.source = ArraySource(self.X, self.Z, np.ones((B, 1, O), dtype))
        self.rows = np.arange(B)
        self.parameters = self.network.bind(self.theta)
        self.engine = Engine(self.network, B, np.dtype(dtype), N_THREADS)
        self.l2 = np.zeros_like(self.theta)
        self.result = np.zeros_like(self.theta)
        self.loss = Loss("squared_error").bind(self.theta.dtype)

    def __call__(self):
        n, _, weight = self.engine.gradient(self.parameters, self.source, self.rows, self.loss)
        scale = self.theta.dtype.type(1 / weight)
        combine(self.engine.gradients, n, scale, self.theta, self.l2, self.result)

    def gradients(self):
        self()
        return self.network.views(self.result)


class Torch:
    """The same minibatch, network and weights in torch.nn, in the layout that torch likes best."""

    def __init__(self, ours, cell, readout):
        import torch

        network = ours.network
        self.readout = readout
        D, (H,) = network.n_inputs, network.hidden_sizes
        layer = getattr(torch.nn, LAYERS[cell])(D, H)
        self.layer = layer.to(torch.from_numpy(ours.theta).dtype)
        weights = {name: torch.tensor(view) for name, view in ours.views.items()}
        self.linear = torch.nn.Linear(*ours.parameters.readout.shape)
        with torch.no_grad():
            self.layer.weight_ih_l0.copy_(weights["0.Wx"].T)
            self.layer.weight_hh_l0.copy_(weights["0.Wh"].T)
            self.layer.bias_ih_l0.copy_(weights["0.b"])
            self.layer.bias_hh_l0.zero_()
            if cell == "gru":  # the candidate has two biases that are not just added up
                self.layer.bias_hh_l0[2 * H :] = weights["0.bh"]
            self.linear.weight = torch.nn.Parameter(torch.tensor(ours.parameters.readout.T.copy()))
            self.linear.bias = torch.nn.Parameter(weights["c"])
        self.X = torch.tensor(np.ascontiguousarray(ours.X.swapaxes(0, 1)))
        self.flat_inputs = torch.tensor(ours.X.reshape(len(ours.X), -1))
        self.Z = torch.tensor(ours.Z[:, 0])
        self.parameters = [*self.layer.parameters(), *self.linear.parameters()]
        self.mse = torch.nn.MSELoss()
        self.concatenate = torch.cat

    def __call__(self):
        for parameter in self.parameters:
            parameter.grad = None
        states, _ = self.layer(self.X)
        features = states[-1]
        if self.readout == "all":
            by_row = states.transpose(0, 1).reshape(len(self.Z), -1)
            features = self.concatenate([by_row, self.flat_inputs], dim=1)
        self.mse(self.linear(features), self.Z).backward()

    def gradients(self):
        self()
        readout = self.linear.weight.grad.numpy().T
        n = len(readout) - (self.flat_inputs.shape[1] if self.readout == "all" else 0)
        return {
            "0.Wx": self.layer.weight_ih_l0.grad.numpy().T,
            "0.Wh": self.layer.weight_hh_l0.grad.numpy().T,
            "0.b": self.layer.bias_ih_l0.grad.numpy(),
            "0.bh": self.layer.bias_hh_l0.grad.numpy()[-self.layer.hidden_size :],
            "V": readout[:n],
            "S": readout[n:],
            "c": self.linear.bias.grad.numpy(),
        }


def largest_difference(ours, theirs):
    """Largest difference of the gradients, relative to the largest of each parameter."""
    return max(
        np.abs(gradient - theirs[name]).max() / np.abs(theirs[name]).max()
        for name, gradient in ours.items()
    )


def seconds_in_turns(ours, theirs, repeats):
    """Seconds of the counted calls of each."""
    times = {ours: [], theirs: []}
    for _ in range(-(-repeats // COUNTED)):
        for compute, taken in times.items():
            time.sleep(PAUSE)
            start = time.perf_counter()
            while time.perf_counter() < start + WARM_UP:
                compute()
            for _ in range(COUNTED):
                start = time.perf_counter()
                compute()
                taken.append(time.perf_counter() - start)
    return times[ours], times[theirs]


def way_of_products():
    """What the products of compiled code go through: registers of so many bytes, or which BLAS."""
    if simd_bytes():
        return f"products in registers of {simd_bytes()} bytes"
    with single_threaded_blas():  # loads it
        pools = threadpool_info()
    names = {
        f"{pool['internal_api']} {pool['version']} {pool.get('architecture', '')}".strip()
        for pool in pools
        if pool["user_api"] == "blas"
    }
    return ", ".join(sorted(names))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cell", default="elman", choices=LAYERS)
    parser.add_argument("--repeats", type=int, default=40, help="calls of each that count")
    parser.add_argument("--dtype", default="float32", choices=["float32", "float64"])
    options = parser.parse_args()
    if importlib.util.find_spec("torch") is None:
        print("torch is not installed, and there is nothing to compare with: pip install torch")
        sys.exit(2)
    import torch

    torch.set_num_threads(N_THREADS)
    print(
        f"{options.cell}, {options.dtype}, {N_THREADS} threads, torch {torch.__version__},"
        f" {way_of_products()}"
    )
    print("milliseconds for forward and backward of one minibatch")
    print(
        f"{'B, T, D, H, O':>20} {'ours':>8} {'torch':>8} {'ratio':>6} {'fastest':>7} {'goal':>5}"
        f" {'GFLOP/s':>8}"
    )
    tolerance = 1000 * np.finfo(options.dtype).eps
    for (shape, readout), goal in zip(CASES, GOALS[options.cell], strict=True):
        rng = np.random.default_rng(0)
        ours = Ours(options.cell, shape, readout, options.dtype, rng)
        theirs = Torch(ours, options.cell, readout)
        with single_threaded_blas(), ours.engine:
            difference = largest_difference(ours.gradients(), theirs.gradients())
            if not difference < tolerance:
                sys.exit(f"{shape}: the gradients differ by {difference:.1e}, relative")
            times = seconds_in_turns(ours, theirs, options.repeats)
        mine, other = map(np.median, times)
        busy = "  busy" if any(np.median(taken) > BUSY * min(taken) for taken in times) else ""
        fastest = min(times[1]) / min(times[0])
        speed = 2e-9 * multiplications(options.cell, shape, readout) / mine
        print(
            f"{', '.join(map(str, shape)):>20} {1e3 * mine:8.3f} {1e3 * other:8.3f}"
            f" {other / mine:6.1f} {fastest:7.1f} {goal:>5} {speed:8.1f}{busy}"
        )


if __name__ == "__main__":
    main()
