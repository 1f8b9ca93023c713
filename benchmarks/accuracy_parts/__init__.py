"""What `accuracy.py` measures: competition panels, single series, long horizons."""
