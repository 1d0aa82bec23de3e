import jax.numpy as jnp
import numpy as np

from lib.models.stack_rnn import make_stack_rnn, move
from tests.models.agreement import INTERFACE, check_agreement

PUSH, POP, KEEP = range(3)


def stack_rnn(p, x, h, stacks):
    """Deletang et al. 2023's code, cell by cell: all h_t [T, H]."""
    N, S, C = stacks.shape
    all_h = []
    for x_t in x:
        read = np.concatenate([stacks[n, 0] for n in range(N)])
        h = np.tanh(x_t @ p["U"] + read @ p["P"] + h @ p["W"] + p["b"])
        after = np.zeros_like(stacks)
        for n in range(N):
            scores = h @ p["A"][:, 3 * n : 3 * n + 3] + p["a"][3 * n : 3 * n + 3]
            action = np.exp(scores) / np.exp(scores).sum()
            part = slice(n * C, n * C + C)
            value = h @ p["D"][:, part] + p["d"][part]
            for i in range(S):
                above = value if i == 0 else stacks[n, i - 1]
                below = stacks[n, i + 1] if i + 1 < S else np.zeros(C)
                after[n, i] = (
                    action[PUSH] * above
                    + action[POP] * below
                    + action[KEEP] * stacks[n, i]
                )
        stacks = after
        all_h.append(h)
    return np.array(all_h)


def test_a_stack_network_follows_its_code_in_values_and_gradients():
    sizes = {"hidden_size": 4, "stack_size": 4, "cell_size": 2, "num_stacks": 2}
    check_agreement(
        make_stack_rnn(INTERFACE, **sizes),
        lambda p, x, carry: stack_rnn(p["layer_0"], x, *carry[0]),
    )


def test_certain_actions_are_those_of_a_list():
    random = np.random.default_rng(0)
    stacks, held = jnp.zeros((1, 1, 3, 1)), []
    for t, action in enumerate(random.integers(0, 3, 40)):
        if action == PUSH:
            held = [float(t + 1), *held][:3]
        elif action == POP:
            held = held[1:]
        weights = jnp.asarray(np.eye(3)[action], jnp.float32)[None, None]
        stacks = move(stacks, weights, jnp.full((1, 1, 1), t + 1.0))
        shown = held + [0.0] * (3 - len(held))
        np.testing.assert_array_equal(stacks[0, 0, :, 0], shown)
