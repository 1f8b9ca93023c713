"""What is computed: a stack of recurrent layers and a linear readout over one flat vector."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from forecaster._threads import single_threaded_blas
from forecaster.kernels.activations import ACTIVATIONS
from forecaster.kernels.readout import ALL, EACH, READOUTS
from forecaster.nn.cell import CELLS, Cell, Shape

RECURRENT_GAIN = 0.9  # spectral radius at the start: just inside the edge of stability
READOUT_GAIN = 0.1  # outputs start near zero, the mean of a scaled target


class Bound(NamedTuple):
    """Views into a flat vector (parameters or gradients), grouped the way the kernels take them.

    Behind the parameters of a layer whose cell feeds outputs back come the readout's V and c.
    """

    layers: list[tuple[np.ndarray, ...]]
    initial_states: list[np.ndarray]
    norms: list[tuple[np.ndarray, ...]]
    readout: np.ndarray
    bias: np.ndarray


@dataclass(frozen=True)
class Network:
    """Architecture: sizes and switches, from which every shape follows.

    Parameters
    ----------
    n_steps, n_inputs, n_outputs : int
        T, D and O. With ``readout="each"`` there are O outputs at every step.
    hidden_sizes : tuple of int
        Hidden units of each layer, the input side first.
    cell : str
        Name in ``CELLS``; one that feeds outputs back must not have `distorts_feedback`.
    activation : str
        Name in ``ACTIVATIONS``.
    readout : {"last", "all", "each"}
        The linear layer reads the last state, all states at once, or each state by itself.
    skip : bool
        Whether the readout sees the inputs as well.
    learn_initial_state : bool
        Whether the first state is a parameter instead of zero.
    residual : bool
        Whether a layer with as many units as inputs adds its inputs to its states.
    dilations : tuple of int
        For each layer, how many steps back its recurrence reaches, a divisor of T; empty for 1.
    dropout : float
        Share of a layer's outputs that is dropped on the way to the next layer, in training.
    layer_norm : bool
        Whether each layer's outputs are normalised over its units.
    """

    n_steps: int
    n_inputs: int
    hidden_sizes: tuple[int, ...]
    n_outputs: int
    cell: str = "elman"
    activation: str = "tanh"
    readout: str = "last"
    skip: bool = False
    learn_initial_state: bool = False
    residual: bool = False
    dilations: tuple[int, ...] = ()
    dropout: float = 0.0
    layer_norm: bool = False

    @property
    def cell_functions(self) -> Cell:
        return CELLS[self.cell]  # not cached: a pickle must not hold compiled code

    @cached_property
    def activation_code(self) -> int:
        return ACTIVATIONS[self.activation]

    @cached_property
    def readout_code(self) -> int:
        return READOUTS[self.readout]

    @cached_property
    def layer_inputs(self) -> tuple[int, ...]:
        """Number of inputs of each layer."""
        return (self.n_inputs, *self.hidden_sizes[:-1])

    @property
    def layer_cell_names(self) -> tuple[str, ...]:
        """The cell of each layer: only the last one can feed the network's outputs back."""
        below = self.cell_functions.below or self.cell
        return (*[below] * (len(self.hidden_sizes) - 1), self.cell)

    @property
    def layer_cells(self) -> tuple[Cell, ...]:
        """The same, their functions."""
        return tuple(CELLS[name] for name in self.layer_cell_names)

    @property
    def distorts_feedback(self) -> bool:
        """Whether something else would be fed back than the outputs.

        The last layer computes what it feeds back from its states: with a dilation each would come
        from another sequence, and a residual connection or a normalisation would come in between.
        """
        residual = self.residual and self.layer_inputs[-1] == self.hidden_sizes[-1]
        dilated = self.layer_dilations[-1] > 1
        return self.cell_functions.feeds_back and (residual or dilated or self.layer_norm)

    @cached_property
    def layer_dilations(self) -> tuple[int, ...]:
        """Dilation of each layer."""
        return self.dilations or (1,) * len(self.hidden_sizes)

    @cached_property
    def n_state_features(self) -> int:
        """Number of states that the readout sees in a row."""
        return self.hidden_sizes[-1] * (self.n_steps if self.readout_code == ALL else 1)

    @cached_property
    def n_skip_features(self) -> int:
        """Number of inputs that the readout sees in a row."""
        per_row = self.n_inputs * (1 if self.readout_code == EACH else self.n_steps)
        return per_row if self.skip else 0

    @cached_property
    def n_output_steps(self) -> int:
        """Number of readout rows per sample."""
        return self.n_steps if self.readout_code == EACH else 1

    @cached_property
    def shapes(self) -> dict[str, Shape]:
        """Shape of every parameter, in the order of the flat vector.

        ``V`` (states to outputs) and ``S`` (inputs to outputs) are neighbours, so that together
        they are one matrix.
        """
        shapes: dict[str, Shape] = {}
        for layer, cell in enumerate(self.layer_cells):
            D, H = self.layer_inputs[layer], self.hidden_sizes[layer]
            for name, shape in cell.shapes(D, H, self.n_outputs).items():
                shapes[f"{layer}.{name}"] = shape
            if self.learn_initial_state:
                shapes[f"{layer}.h0"] = (H,)
            if self.layer_norm:
                shapes[f"{layer}.gain"] = shapes[f"{layer}.shift"] = (H,)
        shapes["V"] = (self.n_state_features, self.n_outputs)
        if self.skip:
            shapes["S"] = (self.n_skip_features, self.n_outputs)
        shapes["c"] = (self.n_outputs,)
        return shapes

    @cached_property
    def slices(self) -> dict[str, slice]:
        """Where each parameter lies in the flat vector."""
        slices, start = {}, 0
        for name, shape in self.shapes.items():
            stop = start + int(np.prod(shape))
            slices[name] = slice(start, stop)
            start = stop
        return slices

    @property
    def n_parameters(self) -> int:
        return self.slices["c"].stop

    @property
    def row_work(self) -> int:
        """Multiplications, about, that the forward pass of one row takes."""
        of_layers = self.slices["V"].start
        return self.n_steps * of_layers + self.n_output_steps * (self.n_parameters - of_layers)

    def views(self, theta: np.ndarray) -> dict[str, np.ndarray]:
        """Every parameter by name, as a view into ``theta``."""
        return {name: theta[self.slices[name]].reshape(s) for name, s in self.shapes.items()}

    def bind(self, theta: np.ndarray) -> Bound:
        """The same views, grouped for the kernels."""
        views = self.views(theta)
        n_layers = len(self.hidden_sizes)
        matrix = slice(self.slices["V"].start, self.slices["c"].start)
        readout = theta[matrix].reshape(-1, self.n_outputs)
        fed_back = readout[: self.n_state_features], views["c"]
        return Bound(
            [
                (
                    *(views[f"{k}.{name}"] for name in cell.shapes(1, 1, 1)),
                    *(fed_back if cell.feeds_back else ()),
                )
                for k, cell in enumerate(self.layer_cells)
            ],
            [views[f"{k}.h0"] for k in range(n_layers) if self.learn_initial_state],
            [(views[f"{k}.gain"], views[f"{k}.shift"]) for k in range(n_layers) if self.layer_norm],
            readout,
            views["c"],
        )

    def mask(self, *prefixes: str) -> np.ndarray:
        """Ones where a parameter's own name (without its layer) starts so, zeros elsewhere."""
        mask = np.zeros(self.n_parameters)
        for name, where in self.slices.items():
            mask[where] = name.rpartition(".")[2].startswith(prefixes)
        return mask

    def initial(self, rng: np.random.Generator, dtype: np.dtype) -> np.ndarray:
        """Starting weights.

        Recurrent blocks, one for each gate, are orthogonal (Saxe et al. 2014) times 0.9, weights of
        inputs, of outputs that are fed back and of the readout uniform after Glorot & Bengio
        (2010), the readout's times 0.1; biases as the cell wants them; all else starts at zero.
        """
        theta = np.zeros(self.n_parameters)
        for name, view in self.views(theta).items():
            layer, _, kind = name.rpartition(".")
            biases = self.layer_cells[int(layer)].initial_bias if layer else {}
            if kind.startswith("Wh"):
                H = view.shape[0]
                with single_threaded_blas():  # its own threads take up to a hundred times as long
                    for gate in range(view.shape[1] // H):
                        view[:, gate * H : (gate + 1) * H] = RECURRENT_GAIN * _orthogonal(rng, H)
            elif kind.startswith(("Wx", "Wy")):
                H = self.hidden_sizes[int(layer)]
                view[:] = _glorot_uniform(rng, view.shape, view.shape[0] + H)
            elif kind in biases:
                view[:] = np.repeat(biases[kind], view.size // len(biases[kind]))
            elif kind == "V":
                view[:] = READOUT_GAIN * _glorot_uniform(rng, view.shape, sum(view.shape))
            elif kind == "gain":
                view[:] = 1
        return theta.astype(dtype)


def _orthogonal(rng: np.random.Generator, n: int) -> np.ndarray:
    """A matrix drawn uniformly from the orthogonal group (QR with the signs of R made positive)."""
    q, r = np.linalg.qr(rng.standard_normal((n, n)))
    return q * np.sign(np.diagonal(r))


def _glorot_uniform(rng: np.random.Generator, shape: Shape, fan: int) -> np.ndarray:
    limit = np.sqrt(6.0 / fan)
    return rng.uniform(-limit, limit, shape)
