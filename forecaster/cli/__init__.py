"""The command ``forecaster``: forecasts from a file, without a line of Python."""

from __future__ import annotations

import signal
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sklearn.exceptions import ConvergenceWarning

from forecaster.cli.arguments import make_parser
from forecaster.exceptions import SkillWarning

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments. None takes those of the process, which then belongs to the command: it
        ends quietly at Ctrl-C and when the reader of its output goes away.

    Returns
    -------
    int
        The exit code: 0, or 2 after bad arguments or bad data, which one sentence on stderr
        explains, or with ``--debug`` a traceback.

    Examples
    --------
    >>> from forecaster.cli import main
    >>> main(["backtest", "--example", "beer", "--horizon", "0"])
    2
    """
    if argv is None:
        for name in ("SIGINT", "SIGPIPE"):  # the second is unknown to Windows
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), signal.SIG_DFL)
    try:
        arguments = make_parser().parse_args(argv)
        with _plain_warnings():
            arguments.run(arguments)
    except (ValueError, OSError, ImportError) as error:
        # asked of the words, as they may be what is wrong
        if "--debug" in (sys.argv if argv is None else argv):
            traceback.print_exc()
        else:
            _say("error", error)
        return 2
    return 0


@contextmanager
def _plain_warnings() -> Iterator[None]:
    """Show warnings as one line each, without file names and source code."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", SkillWarning)
        warnings.simplefilter("always", ConvergenceWarning)
        warnings.showwarning = lambda message, *_, **__: _say("warning", message)
        yield


def _say(what: str, message: object) -> None:
    """Print a message on one line of stderr."""
    print(f"forecaster: {what}: {' '.join(str(message).split()).rstrip('.')}.", file=sys.stderr)
