"""Arrays that start at a cache line."""

import numpy as np
import pytest

from forecaster.kernels import elman, memory


@pytest.mark.parametrize("shape", [7, (3, 5), (0, 4), (2, 0, 3), ()], ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_are_zeros_at_a_cache_line(shape, dtype):
    for _ in range(5):  # by chance alone one in four would lie so
        array = memory.zeros(shape, dtype)
        expected = np.zeros(shape, dtype)
        assert array.ctypes.data % 64 == 0 or not array.size
        assert array.flags.c_contiguous
        assert array.flags.writeable
        np.testing.assert_array_equal(array, expected, strict=True)


def test_a_copy_is_the_same_and_another():
    array = np.arange(12.0).reshape(3, 4)
    copy = memory.copy(array)
    np.testing.assert_array_equal(copy, array, strict=True)
    copy[0] = 9
    assert array[0, 1] == 1


def test_a_tape_lies_so():
    assert all(a.ctypes.data % 64 == 0 for a in elman.tape(3, 5, 1, 7, 1, np.float32))
