"""What `accuracy.py` measures: competition panels, single series, long horizons."""

import sys


def find(folder, name):
    """The first file of this name in the folder or below, or the end of the program."""
    path = next(iter(sorted(folder.rglob(name))), None)
    return path or sys.exit(f"{folder} has no file {name}, which this set needs.")
