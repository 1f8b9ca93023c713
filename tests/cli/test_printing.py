"""The words and figures of the summaries."""

import pandas as pd

from forecaster.cli import printing


def test_the_comparison_is_honest():
    summary = pd.DataFrame({"mae": [3.0, 2.0]}, index=["Elman", "naive"])
    assert printing.verdict(summary, "Elman", "1 window") == (
        "In 1 window the mean absolute error was 1.50 times the naive forecast's (3.00 against "
        "2.00): prefer the naive forecast here."
    )
    summary["mae"] = [0.41, 1000.0]
    assert printing.verdict(summary, "Elman", "6 rolling windows") == (
        "In 6 rolling windows the mean absolute error was 0.00 of the naive forecast's (0.4 "
        "against 1000.0)."
    )
    summary["mae"] = [0.125, 0.0]
    assert "was exact; the mean absolute error of the Elman was 0.12." in printing.verdict(
        summary, "Elman", "1 window"
    )


def test_numbers_have_a_sensible_number_of_digits():
    def table(mean, half):
        frame = pd.DataFrame({"mean": [mean], "lo-80": [mean - half], "hi-80": [mean + half]})
        return printing.forecast_table(frame, "ds").splitlines()[1].split()[1:]

    assert table(448.917, 20.0) == ["448.9", "428.9", "to", "468.9"]
    assert table(123456.7, 20.0) == ["123457", "123437", "to", "123477"]
    assert table(1000.0, 0.01) == ["1000.000", "999.990", "to", "1000.010"]
    assert table(0.0123456, 0.001) == ["0.01235", "0.01135", "to", "0.01335"]
    assert table(0.0, 0.0) == ["0.000", "0.000", "to", "0.000"]
    assert table(1.23456e-9, 2e-10) == ["1.235e-09", "1.035e-09", "to", "1.435e-09"]
    assert table(0.0, 2e-10) == ["0.0e+00", "-2.0e-10", "to", "2.0e-10"]
    assert table(1.23456e20, 0.0) == ["1.235e+20", "1.235e+20", "to", "1.235e+20"]
    assert table(5.0, 1e20)[0] == "5.000000e+00"
    assert printing.alike([15.2, 39.51]) == ["15.2", "39.5"]
    assert printing.alike([3.2, 12.25]) == ["3.20", "12.25"]
    assert printing.alike([0.0, 20000.0]) == ["0", "20000"]
