"""What a training says and hears while it runs: callbacks, progress, the clock, a stop signal."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Protocol

from forecaster.nn.state import Trained


@dataclass(frozen=True)
class Epoch:
    """What a callback is told at the end of an iteration.

    Attributes
    ----------
    member : int
        Which of several trainings side by side, counted from 0.
    iteration, n_steps : int
        Iterations that are complete, and steps, since the training's very start.
    train_loss : float
        Mean loss of the iteration's minibatches, penalty included.
    validation_loss : float or None
        Loss of the validation rows after the iteration; None without such rows.
    learning_rate : float
        Rate of the iteration's last step; NaN where steps are found by a line search.
    gradient_norm : float
        Mean norm of the iteration's gradients, before they are shortened.
    seconds : float
        Time since this call of the training began.
    """

    member: int
    iteration: int
    n_steps: int
    train_loss: float
    validation_loss: float | None
    learning_rate: float
    gradient_norm: float
    seconds: float


class Callback(Protocol):
    """Anything with this method.

    Trainings side by side share their callbacks, which are called for one of them at a time.
    """

    def on_epoch_end(self, epoch: Epoch, /) -> bool | None:
        """Look at an iteration that has ended; True stops this training.

        The iteration counts already: its losses are recorded, its weights are considered. So an
        exception, which goes up to the caller with a note of where it came from, leaves a training
        state that is whole: who holds it (`resume`) has all weights and can go on. The other
        trainings side by side are stopped first. KeyboardInterrupt ends training as Ctrl-C does.
        """


class OneAtATime:
    """A callback that passes on to others, for one thread at a time."""

    def __init__(self, callbacks: Sequence[Callback]) -> None:
        self._callbacks = callbacks
        self._lock = threading.Lock()

    def on_epoch_end(self, epoch: Epoch, /) -> bool:
        with self._lock:
            answers = [callback.on_epoch_end(epoch) for callback in self._callbacks]
        return any(answers)


class Monitor:
    """One call of a training, seen from outside; its clock starts at once.

    Parameters
    ----------
    max_seconds : float or None
        Time budget.
    stop : Event or None
        Ends training from another thread.
    progress : callable or None
        Told the number of steps of each iteration.
    callbacks : sequence of Callback
    member : int
        Which of several trainings side by side.
    """

    def __init__(
        self,
        max_seconds: float | None = None,
        stop: threading.Event | None = None,
        progress: Callable[[int], None] | None = None,
        callbacks: Sequence[Callback] = (),
        member: int = 0,
    ) -> None:
        self._started = monotonic()
        self._max_seconds = max_seconds
        self._stop, self._progress = stop, progress
        self._callbacks, self._member = callbacks, member
        self.stopped = False

    def check_stop(self) -> None:
        """Raise KeyboardInterrupt if training is to end at once."""
        if self._stop is not None and self._stop.is_set():
            raise KeyboardInterrupt

    def out_of_time(self) -> bool:
        return self._max_seconds is not None and monotonic() - self._started >= self._max_seconds

    def tell(self, record: Trained, n_steps: int) -> None:
        """Tell all of the last iteration; ``n_steps`` are new since the last time."""
        if self._progress is not None:
            self._progress(n_steps)
        if not self._callbacks:
            return
        epoch = Epoch(
            self._member,
            len(record.loss_curve),
            record.n_steps,
            record.loss_curve[-1],
            record.validation_curve[-1] if record.validation_curve else None,
            record.learning_rate_curve[-1],
            record.gradient_norm_curve[-1],
            monotonic() - self._started,
        )
        for callback in self._callbacks:
            try:
                self.stopped |= bool(callback.on_epoch_end(epoch))
            except Exception as error:
                error.add_note(
                    f"Raised by a callback after iteration {epoch.iteration} "
                    f"of training {epoch.member}."
                )
                raise
