"""Write the golden state dicts: PyTorch's recurrent modules, their inputs and outputs.

    python tests/golden/make_state_dicts.py

needs torch, takes a second, and gives the same files again (they were made with torch 2.13). The
arrays of a file: the state dict of the recurrent module under ``recurrent.``, both biases as
PyTorch starts them; that of a Linear on all its states, ``linear.``; ``X`` (B, T, D); ``outputs``
(B, T, O), that is ``linear(recurrent(X)[0])``.
"""

from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent / "state_dicts"
B, T, D, H, O, N_LAYERS = 5, 6, 2, 4, 3, 2


def main():
    import torch

    torch.set_default_dtype(torch.float64)
    for name, kind, options in (
        ("rnn-tanh", torch.nn.RNN, {}),
        ("rnn-relu", torch.nn.RNN, {"nonlinearity": "relu"}),
        ("gru", torch.nn.GRU, {}),
        ("lstm", torch.nn.LSTM, {}),
    ):
        torch.manual_seed(0)
        recurrent = kind(D, H, N_LAYERS, batch_first=True, **options)
        linear = torch.nn.Linear(H, O)
        X = torch.randn(B, T, D)
        arrays = {"X": X, "outputs": linear(recurrent(X)[0])}
        for role, module in (("recurrent", recurrent), ("linear", linear)):
            arrays |= {f"{role}.{key}": value for key, value in module.state_dict().items()}
        np.savez_compressed(
            FOLDER / f"{name}.npz", **{key: value.detach().numpy() for key, value in arrays.items()}
        )


if __name__ == "__main__":
    main()
