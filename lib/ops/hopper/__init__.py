"""Kernels for one NVIDIA Hopper GPU, in Pallas Mosaic GPU: optional, never imported on
another platform except to test them in interpret mode."""
