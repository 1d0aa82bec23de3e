"""Errors a user can cause, each with the exit code its program ends with."""


class UserError(ValueError):
    """Bad input: one clear line, exit code 2, before any compute."""

    exit_code = 2


class RefusedError(UserError):
    """Good input that must not be acted on: held by another, or written by a newer."""

    exit_code = 3


class LayerShapeError(ValueError):
    """A layer whose outputs have another shape than the layers around it read."""
