"""The parameters of Pallas's interpret mode for kernels of Mosaic GPU."""

try:
    from jax.experimental.pallas.mosaic_gpu import InterpretGPUParams
except ImportError:  # up to jax 0.10 it has no public name
    from jax._src.pallas.mosaic_gpu.interpret.params import InterpretGPUParams

INTERPRET = InterpretGPUParams()
