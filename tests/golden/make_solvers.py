"""Write solvers/torch.npz: the paths on which PyTorch's optimisers lead some weights.

    python tests/golden/make_solvers.py

needs torch and gives the same file again (it was made with torch 2.13). The gradients are random
numbers of very different sizes, the same ones for all; rates change from step to step. Arrays are
called ``case/type`` and hold the weights after each step; ``start/type`` and ``gradients/type`` are
what all begin with; ``settings`` (JSON) says which optimiser a case is, and its options.
"""

import json
from pathlib import Path

import numpy as np

P, N_STEPS = 23, 12
RATES = [0.02, 0.05, 0.04, 0.03, 0.02, 0.01, 0.02, 0.05, 0.04, 0.03, 0.02, 0.01]
CASES = {
    "adam": ("Adam", {"betas": [0.8, 0.95], "eps": 1e-6}),
    "adamw": ("AdamW", {"betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0.3}),
    "rmsprop": ("RMSprop", {"alpha": 0.9, "eps": 1e-6}),
    "rmsprop-momentum": ("RMSprop", {"alpha": 0.99, "eps": 1e-8, "momentum": 0.8}),
    "sgd-nesterov": ("SGD", {"momentum": 0.8, "nesterov": True}),
}


def path(name, options, start, gradients):
    """Weights after each step."""
    import torch

    theta = torch.tensor(start, requires_grad=True)
    optimiser = getattr(torch.optim, name)([theta], lr=1.0, **options)
    weights = []
    for gradient, rate in zip(gradients, RATES, strict=True):
        optimiser.param_groups[0]["lr"] = rate
        theta.grad = torch.tensor(gradient)
        optimiser.step()
        weights.append(theta.detach().numpy().copy())
    return np.array(weights)


def main():
    arrays = {}
    for dtype in ("float32", "float64"):
        rng = np.random.default_rng(0)
        start = rng.standard_normal(P).astype(dtype)
        gradients = rng.standard_normal((N_STEPS, P)) * np.geomspace(1e-3, 10, P)
        arrays[f"start/{dtype}"] = start
        arrays[f"gradients/{dtype}"] = gradients = gradients.astype(dtype)
        for case, (name, options) in CASES.items():
            arrays[f"{case}/{dtype}"] = path(name, options, start, gradients)
    folder = Path(__file__).parent / "solvers"
    folder.mkdir(exist_ok=True)
    settings = {"rates": RATES, "cases": CASES}
    np.savez_compressed(folder / "torch.npz", settings=json.dumps(settings), **arrays)


if __name__ == "__main__":
    main()
