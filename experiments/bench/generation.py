"""Writing text one token at a time, B = 1: ours in one compiled loop, peers in Python.

A language model of one lstm layer over 65 symbols, embedded in 64 numbers. Every token
is drawn at temperature 1. Peers are what their users write: torch's LSTMCell, Linear
and multinomial without gradients; and our own step, compiled, in a Python loop.
"""

from typing import Any

from experiments.bench.subject import OURS, Subject, Work

VOCABULARY, EMBEDDING = 65, 64
_TOKENS, _PEER_TOKENS = 1024, 64  # written in one call; those read count too
_PROMPT = (1, 2, 3)


def make_ours(H: int) -> Work:
    """The library's writer: reads the prompt and writes, tokens handed over."""
    from lib.writer import Manner, make_writer

    model, params = _model(H)
    stream, manner = make_writer(model, params), Manner(_TOKENS, temperature=1.0)
    return Work(lambda: list(stream(_PROMPT, manner)), len(_PROMPT) + _TOKENS)


def make_python_loop(H: int) -> Work:
    """A jitted step and a jitted draw, each called once a token."""
    from experiments import speed

    loop = speed.make_python_loop(*_model(H))
    tokens = len(_PROMPT) + _PEER_TOKENS
    return Work(lambda: loop(_PROMPT, _PEER_TOKENS), tokens)


def make_torch(H: int) -> Work:
    """torch's Embedding, LSTMCell, Linear, softmax and multinomial."""
    import torch

    torch.manual_seed(0)
    embedding = torch.nn.Embedding(VOCABULARY, EMBEDDING)
    cell, readout = torch.nn.LSTMCell(EMBEDDING, H), torch.nn.Linear(H, VOCABULARY)

    @torch.inference_mode()
    def call() -> list[int]:
        state, written = (torch.zeros(1, H), torch.zeros(1, H)), []
        for token in _PROMPT:
            state = cell(embedding(torch.tensor([token])), state)
        for _ in range(_PEER_TOKENS):
            p = torch.softmax(readout(state[0]), dim=-1)
            token = torch.multinomial(p, 1)[0]
            written.append(int(token))
            state = cell(embedding(token), state)
        return written

    return Work(call, len(_PROMPT) + _PEER_TOKENS)


def _model(H: int) -> Any:
    import jax
    import jax.numpy as jnp

    from lib.models.lstm import make_lstm
    from lib.types import Interface

    interface = Interface(VOCABULARY, VOCABULARY, VOCABULARY)
    model = make_lstm(interface, hidden_size=H, embedding_size=EMBEDDING)
    tokens = jnp.zeros((1, 1), jnp.int32)
    return model, jax.jit(model.init)(jax.random.key(0), tokens)


_MAKERS = {
    OURS: make_ours,
    "torch": make_torch,
    "Python loop of our step": make_python_loop,
}
SUBJECTS = [
    Subject("generation, lstm, B=1", {"H": H}, _MAKERS, "token", (1,), quick=H == 128)
    for H in (128, 256)
]
