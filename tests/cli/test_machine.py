"""``forecaster info``."""

from forecaster import __version__
from forecaster._jit import simd_bytes
from tests.cli.common import succeed


def test_info(capsys):
    out = succeed(capsys, "info")
    for name in ["forecaster", "Python", "numba", "numpy", "scipy", "pandas", "scikit-learn"]:
        assert f"\n{name} " in f"\n{out}"
    rows = dict(line.split("   ", 1) for line in out.splitlines())
    assert {"CPU", "threads", "BLAS", "compiled code"} <= {name.strip() for name in rows}
    (products,) = (what.strip() for name, what in rows.items() if name.strip() == "products")
    n_bytes = simd_bytes()
    assert products == (f"registers of {n_bytes} bytes" if n_bytes else "by BLAS")
    assert rows["forecaster"].strip() == __version__
