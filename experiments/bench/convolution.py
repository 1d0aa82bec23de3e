"""A training step of a convolutional network on drawn pictures of 28 x 28.

Two blocks of 3 x 3 filters (32, then 64), each with relu and 2 x 2 max pooling, a layer
of 128 and ten classes. Ours is a step of `lib.train`; flax has nn.Conv, nn.max_pool and
nn.Dense; torch the same with memory in the order channels_last, its faster one.
"""

from typing import Any

from experiments.bench.step import LEARNING_RATE, optax_step, our_step
from experiments.bench.subject import OURS, Subject, Work

FILTERS, KERNEL, HIDDEN, SIDE, CLASSES = (32, 64), 3, 128, 28, 10


def make_ours(B: int) -> Work:
    """Our `cnn`."""
    import jax.numpy as jnp

    from lib.loss import cross_entropy
    from lib.models.cnn import make_cnn
    from lib.types import Batch, Interface

    interface = Interface(0, 1, CLASSES, image=(SIDE, SIDE, 1))
    model = make_cnn(interface, filters=FILTERS, kernel_size=KERNEL, hidden_size=HIDDEN)
    images, targets = (jnp.asarray(array) for array in _draw(B))
    batch = Batch(images, targets[:, None], jnp.ones((B, 1)))
    return our_step(model, interface, batch, cross_entropy)


def make_flax_network() -> Any:
    """The same function of flax.linen's layers."""
    import flax.linen as nn

    class Network(nn.Module):
        @nn.compact
        def __call__(self, x: Any) -> Any:
            for count in FILTERS:
                x = nn.relu(nn.Conv(count, (KERNEL, KERNEL))(x))
                x = nn.max_pool(x, (2, 2), strides=(2, 2))
            x = nn.relu(nn.Dense(HIDDEN)(x.reshape(len(x), -1)))
            return nn.Dense(CLASSES)(x)

    return Network()


def make_flax(B: int) -> Work:
    """flax.linen's layers under optax."""
    import jax
    import optax

    network, (images, targets) = make_flax_network(), _draw(B)

    def loss(params: Any, images: Any, targets: Any) -> Any:
        logits = network.apply(params, images)
        nats = optax.softmax_cross_entropy_with_integer_labels(logits, targets)
        return nats.mean()

    params = jax.jit(network.init)(jax.random.key(0), images)
    return optax_step(loss, params, images, targets)


def make_torch(B: int) -> Work:
    """torch.nn's layers, channels_last, fused Adam."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    layers: list[nn.Module] = []
    for before, count in zip((1, *FILTERS), FILTERS, strict=False):
        layers += [nn.Conv2d(before, count, KERNEL, padding="same"), nn.ReLU()]
        layers += [nn.MaxPool2d(2)]
    places = (SIDE // 2 ** len(FILTERS)) ** 2
    layers += [nn.Flatten(), nn.Linear(places * FILTERS[-1], HIDDEN), nn.ReLU()]
    network = nn.Sequential(*layers, nn.Linear(HIDDEN, CLASSES))
    network = network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue] its stub lacks this form
    adam = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE, fused=True)
    images, targets = (torch.from_numpy(array) for array in _draw(B))
    images = images.movedim(-1, 1).contiguous(memory_format=torch.channels_last)
    targets = targets.long()

    def step() -> None:
        adam.zero_grad()
        nn.functional.cross_entropy(network(images), targets).backward()
        adam.step()

    return Work(step)


def _draw(B: int) -> Any:
    import numpy as np

    generator = np.random.default_rng(0)
    images = generator.random((B, SIDE, SIDE, 1), dtype=np.float32)
    return images, np.arange(B, dtype=np.int32) % CLASSES


SUBJECTS = [
    Subject(
        "cnn step",
        {"B": 128},
        {OURS: make_ours, "torch": make_torch, "flax": make_flax},
        quick=True,
    )
]
