"""Write the golden files: what PyTorch makes of small networks, step by step.

    python tests/golden/make_golden.py

needs torch, takes seconds, and gives the same files again (they were made with torch 2.13). A file
holds one cell, activation and type; its arrays are called ``case/what``, and ``settings`` (JSON)
says what the cases are and how they were trained. Flat vectors of weights and gradients follow the
order of ``Network.shapes``: Wx, Wh, b (GRU: and bh; Jordan: Wy instead of Wh; the hybrid: Wh, Wy)
of each layer, then V (states to outputs), S (inputs to outputs), c; matrices are
``(n_in, n_out)``, the transpose of PyTorch's.

PyTorch's recurrent layers have two biases, which are added up but for the GRU's candidate; ours
have one. Theirs on the recurrent side, ``bias_hh``, is held at zero and not trained where it is
added up, so that both train the same numbers.

PyTorch has no cell that feeds the network's output back: those are built here, step by step, out of
``torch.nn.Linear``, and PyTorch differentiates what was built.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent
N_STEPS = 10
ADAM = {"lr": 0.01, "betas": [0.9, 0.999], "eps": 1e-8}
SGD = {"lr": 0.05, "momentum": 0.9, "nesterov": True}
MAX_NORM = 1.0  # SGD's gradients are shortened to it; Adam's steps hardly depend on their length


@dataclass(frozen=True)
class Case:
    """Sizes: rows, steps, inputs, hidden units, outputs; layers; what the linear layer sees."""

    B: int
    T: int
    D: int
    H: int
    O: int
    n_layers: int = 1
    readout: str = "last"
    skip: bool = False


CASES = {
    "plain": Case(3, 5, 10, 20, 2),
    "one-step": Case(4, 1, 2, 3, 1),
    "one-row": Case(1, 4, 3, 5, 2),
    "one-input": Case(5, 6, 1, 4, 1),
    "least": Case(1, 1, 1, 1, 1),
    "two-layers": Case(4, 4, 2, 4, 1, n_layers=2),
    "each": Case(4, 5, 2, 4, 2, readout="each"),
    "all-skip": Case(4, 3, 2, 4, 3, readout="all", skip=True),
}
# Smaller cases keep the files of the other cells small: gated ones have three or four times the
# weights.
SMALLER_CASES = {**CASES, "plain": Case(3, 5, 4, 7, 2)}
CASES_BY_CELL = {
    "elman": CASES,
    "gru": SMALLER_CASES,
    "lstm": SMALLER_CASES,
    "jordan": SMALLER_CASES,
    "elman_jordan": SMALLER_CASES,
}
ACTIVATIONS = {
    "elman": ("tanh", "relu"),
    "gru": ("tanh",),
    "lstm": ("tanh",),
    "jordan": ("tanh",),
    "elman_jordan": ("tanh",),
}


class Feedback:
    """A layer that feeds the network's output back, above layers of ``torch.nn.RNN``."""

    def __init__(self, cell, case):
        import torch

        self.case = case
        self.below, n_inputs = None, case.D
        if case.n_layers > 1:
            self.below = torch.nn.RNN(case.D, case.H, case.n_layers - 1, batch_first=True)
            n_inputs = case.H
        self.inputs = torch.nn.Linear(n_inputs, case.H)
        self.back = {"outputs": torch.nn.Linear(case.O, case.H, bias=False)}
        if cell == "elman_jordan":
            self.back = {"states": torch.nn.Linear(case.H, case.H, bias=False), **self.back}

    def trained(self):
        back = [link.weight for link in self.back.values()]
        return [self.inputs.weight, *back, self.inputs.bias]

    def output(self, states, linear):
        """What the readout makes of the states so far, those to come and the inputs being zero."""
        import torch

        seen = torch.cat(states, dim=1) if self.case.readout == "all" else states[-1]
        rest = torch.zeros(len(seen), linear.in_features - seen.shape[1])
        return linear(torch.cat([seen, rest], dim=1))

    def states(self, X, linear):
        """(B, T, H)."""
        import torch

        inputs = X if self.below is None else self.below(X)[0]
        start, states = torch.zeros(len(X), self.case.H), []
        for t in range(self.case.T):
            before = states or [start]
            seen = {"states": before[-1], "outputs": self.output(before, linear)}
            back = sum(link(seen[name]) for name, link in self.back.items())
            states.append(torch.tanh(self.inputs(inputs[:, t]) + back))
        return torch.stack(states, dim=1)


def make_layer(cell, activation, case):
    """PyTorch's recurrent layers, or what is built of its parts."""
    import torch

    if cell in ("jordan", "elman_jordan"):
        return Feedback(cell, case)
    make = {"elman": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[cell]
    options = {"nonlinearity": activation} if cell == "elman" else {}
    return make(case.D, case.H, case.n_layers, batch_first=True, **options)


class Model:
    """PyTorch's network of one case, and its parameters in the library's order."""

    def __init__(self, cell, activation, case, dtype):
        import torch

        torch.manual_seed(0)
        torch.set_default_dtype(getattr(torch, dtype))
        self.case = case
        self.layer = make_layer(cell, activation, case)
        n_states, n_inputs = case.H, case.T * case.D if case.skip else 0
        if case.readout == "all":
            n_states *= case.T
        self.linear = torch.nn.Linear(n_states + n_inputs, case.O)
        self.trained, self.n_untrained = [], {}
        if isinstance(self.layer, Feedback):
            if self.layer.below is not None:
                self.train_layers(self.layer.below, "elman")
            self.trained += self.layer.trained()
        else:
            self.train_layers(self.layer, cell)
        self.trained += [self.linear.weight, self.linear.bias]

    def train_layers(self, layers, cell):
        """Choose what is trained of PyTorch's own layers."""
        import torch

        for k in range(layers.num_layers):
            names = (f"weight_ih_l{k}", f"weight_hh_l{k}", f"bias_ih_l{k}")
            self.trained += [getattr(layers, name) for name in names]
            bias_hh = getattr(layers, f"bias_hh_l{k}")
            n = 2 * layers.hidden_size if cell == "gru" else len(bias_hh)
            torch.nn.init.zeros_(bias_hh[:n].detach())
            if n < len(bias_hh):
                trained = torch.arange(len(bias_hh)) >= n
                bias_hh.register_hook(lambda gradient, trained=trained: gradient * trained)
                self.trained.append(bias_hh)
                self.n_untrained[bias_hh] = n
            else:
                bias_hh.requires_grad_(False)

    def outputs(self, X):
        """(B, output steps, O)."""
        import torch

        if isinstance(self.layer, Feedback):
            states = self.layer.states(X, self.linear)
        else:
            states, _ = self.layer(X)
        if self.case.readout == "last":
            features = states[:, -1:]
        elif self.case.readout == "all":
            features = states.flatten(1)[:, None]
        else:
            features = states
        if self.case.skip:
            features = torch.cat([features, X.flatten(1)[:, None]], dim=2)
        return self.linear(features)

    def loss(self, X, Z):
        """Mean squared error, summed over output steps."""
        import torch

        outputs = self.outputs(X)
        return outputs.shape[1] * torch.nn.functional.mse_loss(outputs, Z)

    def flat(self, what):
        """One vector of ``what(parameter)``, without the elements that are not trained."""
        parts = [what(p).numpy().T.ravel()[self.n_untrained.get(p, 0) :] for p in self.trained]
        return np.concatenate(parts)

    def weights(self):
        return self.flat(lambda parameter: parameter.detach())

    def gradient(self, X, Z):
        for parameter in self.trained:
            parameter.grad = None
        loss = self.loss(X, Z)
        loss.backward()
        return loss.item(), self.flat(lambda parameter: parameter.grad)


def shorten(parameters):
    """Gradients to norm 1. PyTorch's own clip_grad_norm_ adds 1e-6 to the norm it divides by."""
    import torch

    norm = torch.linalg.vector_norm(torch.cat([p.grad.ravel() for p in parameters]))
    if norm > MAX_NORM:
        for parameter in parameters:
            parameter.grad *= MAX_NORM / norm
    return norm.item()


def train(model, X, Z, optimiser, clip):
    """Losses before each step, and the weights after the last one."""
    losses, norms = [], []
    for _ in range(N_STEPS):
        losses.append(model.gradient(X, Z)[0])
        if clip:
            norms.append(shorten(model.trained))
        optimiser.step()
    if clip:
        assert norms[0] > MAX_NORM, "no gradient was shortened: this checks nothing"
    return np.array(losses), model.weights()


def record(cell, activation, case, dtype):
    """All arrays of one case."""
    import torch

    rng = np.random.default_rng(0)
    X = rng.standard_normal((case.B, case.T, case.D)).astype(dtype)
    steps = case.T if case.readout == "each" else 1
    Z = (3 + rng.standard_normal((case.B, steps, case.O))).astype(dtype)
    inputs = torch.tensor(X), torch.tensor(Z)

    model = Model(cell, activation, case, dtype)
    arrays = {"X": X, "Z": Z, "weights": model.weights()}
    arrays["outputs"] = model.outputs(inputs[0]).detach().numpy()
    arrays["loss"], arrays["gradient"] = model.gradient(*inputs)
    for name, clip in (("adam", False), ("sgd", True)):
        model = Model(cell, activation, case, dtype)
        if name == "adam":
            optimiser = torch.optim.Adam(model.trained, **ADAM)
        else:
            optimiser = torch.optim.SGD(model.trained, **SGD)
        arrays[f"{name}_losses"], arrays[f"{name}_weights"] = train(model, *inputs, optimiser, clip)
    return arrays


def main():
    for cell, cases in CASES_BY_CELL.items():
        settings = {
            "cases": {name: asdict(case) for name, case in cases.items()},
            "adam": ADAM,
            "sgd": SGD,
            "max_norm": MAX_NORM,
            "n_steps": N_STEPS,
        }
        for activation in ACTIVATIONS[cell]:
            for dtype in ("float32", "float64"):
                arrays = {
                    f"{name}/{what}": array
                    for name, case in cases.items()
                    for what, array in record(cell, activation, case, dtype).items()
                }
                path = FOLDER / f"{cell}-{activation}-{dtype}.npz"
                np.savez_compressed(path, settings=json.dumps(settings), **arrays)


if __name__ == "__main__":
    main()
