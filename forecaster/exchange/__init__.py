"""Fitted networks for other runtimes: PyTorch, both ways, and ONNX."""

from forecaster.exchange.onnx_model import to_onnx
from forecaster.exchange.torch_networks import from_torch, to_torch

__all__ = ["from_torch", "to_onnx", "to_torch"]
