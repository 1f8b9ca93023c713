"""Compiled loops: plain arrays in, plain arrays out.

One-letter dimensions, everywhere below: ``T`` steps, ``C`` rows of a chunk, ``D`` inputs,
``H`` hidden units, ``O`` outputs, ``N`` samples, ``S`` series, ``P`` parameters. Arrays are
C-contiguous and time-major, ``(T, C, .)``; weights are ``(n_in, n_out)``; a gradient is called
``d`` + name. A backward kernel *writes* its parameter gradients: each chunk owns its own
gradient vector, so nothing has to be cleared or added here.
"""
