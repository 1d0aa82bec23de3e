"""What runs a recurrence, and that every way gives the same numbers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.experimental import rnn

from lib.library import make_model
from lib.ops import cudnn, dispatch
from lib.ops.dispatch import Choice, Device, choose_cell, choose_diagonal
from lib.ops.hopper import linear_scan as scan_kernels
from lib.ops.hopper import recurrence as kernels
from lib.types import Interface
from tests import reference
from tests.models.contract import draw_like
from tests.ops.interpreter import INTERPRET

CPU, HOPPER, OLDER = Device("cpu"), Device("gpu", "9.0"), Device("gpu", "8.0")


@pytest.mark.parametrize(
    ("name", "H", "has_reset", "precision", "device", "path"),
    [
        ("lstm", 64, False, "bfloat16", CPU, "xla"),
        ("lstm", 64, False, "bfloat16", HOPPER, "persistent"),
        ("lstm", 144, True, "BF16_BF16_F32", HOPPER, "persistent"),
        ("lstm", 161, False, "bfloat16", HOPPER, "cudnn"),
        ("lstm", 161, True, "bfloat16", HOPPER, "xla"),
        ("lstm", 64, False, None, HOPPER, "cudnn"),
        ("lstm", 64, False, "bfloat16", OLDER, "cudnn"),
        ("gru", 176, False, "bfloat16", HOPPER, "persistent"),
        ("gru", 177, False, "bfloat16", HOPPER, "xla"),
        ("gru", 64, False, None, HOPPER, "xla"),
        ("rnn", 304, False, "bfloat16", HOPPER, "persistent"),
        ("rnn", 320, False, "float32", HOPPER, "xla"),
        ("rnn", 304, False, "bfloat16", OLDER, "xla"),
    ],
)
def test_a_cell_runs_where_it_fits(name, H, has_reset, precision, device, path):
    choice = choose_cell(name, H, 32, has_reset, precision, device)
    assert choice.path == path
    assert bool(choice.reason) == (path == "xla")


@pytest.mark.parametrize(
    ("num_steps", "dtype", "is_constant", "device", "path"),
    [
        (4096, jnp.float32, True, HOPPER, "one-pass"),
        (4096, jnp.complex64, True, HOPPER, "one-pass"),
        (4096, jnp.float32, False, HOPPER, "xla"),
        (4096, jnp.bfloat16, True, HOPPER, "xla"),
        (128, jnp.float32, True, HOPPER, "xla"),
        (4096, jnp.float32, True, OLDER, "xla"),
        (4096, jnp.float32, True, CPU, "xla"),
    ],
)
def test_a_diagonal_scan_runs_where_it_fits(
    num_steps, dtype, is_constant, device, path
):
    assert choose_diagonal(num_steps, dtype, is_constant, device).path == path


def outputs(name):
    interface = Interface(0, 2, 3)
    model = make_model(name, interface, hidden_size=4)
    x = np.random.default_rng(0).normal(size=(2, 3, 2)).astype(np.float32)
    params = draw_like(jax.eval_shape(model.init, jax.random.key(0), x))
    carry = model.initial(params, x)
    return np.asarray(
        jax.jit(lambda p: model.apply(p, carry, x, None, None)[0])(params)
    )


def test_on_a_cpu_kernels_that_are_asked_for_leave_a_note_once_and_change_nothing(
    monkeypatch, recwarn
):
    plain = outputs("rnn")
    monkeypatch.setenv(dispatch.VARIABLE, "on")
    dispatch._say.cache_clear()
    with pytest.warns(UserWarning, match="HORIZON_KERNELS=on: kernels need a GPU"):
        asked = outputs("rnn")
    np.testing.assert_array_equal(asked, plain)
    recwarn.clear()
    outputs("rnn")
    assert not recwarn.list


def test_a_model_on_a_gpu_reaches_the_persistent_kernel(monkeypatch):
    plain = outputs("rnn")
    run, called = kernels.persistent_recurrence, []

    def interpreted(*arguments):
        called.append(arguments[0])
        return run(*arguments, interpret=INTERPRET)

    monkeypatch.setenv(dispatch.VARIABLE, "on")
    monkeypatch.setattr(dispatch, "this_device", lambda: HOPPER)
    monkeypatch.setattr(kernels, "persistent_recurrence", interpreted)
    with jax.default_matmul_precision("bfloat16"):
        reached = outputs("rnn")
    assert set(called) == {"rnn"}
    assert np.linalg.norm(reached - plain) < 1e-2 * np.linalg.norm(plain)


def test_a_model_on_a_gpu_reaches_the_one_pass_kernel(monkeypatch):
    plain = outputs("lru")
    run, called = scan_kernels.kernel_linear_scan, []

    def interpreted(*arguments):
        called.append(len(arguments[1]))
        return run(*arguments, interpret=INTERPRET)

    monkeypatch.setenv(dispatch.VARIABLE, "on")
    monkeypatch.setattr(dispatch, "this_device", lambda: HOPPER)
    monkeypatch.setattr(dispatch, "FEWEST_STEPS", 3)
    monkeypatch.setattr(scan_kernels, "kernel_linear_scan", interpreted)
    np.testing.assert_allclose(outputs("lru"), plain, rtol=1e-5, atol=1e-6)
    assert set(called) == {2}  # real and imaginary parts


@pytest.fixture
def fake_cudnn(monkeypatch):
    """JAX's own reference of cuDNN's LSTM, which runs on a CPU, in its place."""

    def run(x, h, c, weights, lengths, sizes):
        parts = rnn.unpack_lstm_weights(weights, *sizes[:3], sizes[4])
        return rnn.lstm_ref(x, h, c, *parts, lengths, *sizes)

    def forward(x, h, c, weights, lengths, *settings):
        *sizes, _ = settings
        saved = (x, h, c, weights, lengths)
        return run(*saved, tuple(sizes)), saved

    def backward(*arguments):
        *sizes, _, saved, gradient = arguments
        *point, lengths = saved
        pull = jax.vjp(lambda *p: run(*p, lengths, tuple(sizes)), *point)[1]
        return *pull(gradient), jnp.zeros_like(lengths)

    monkeypatch.setattr(rnn, "lstm_fwd", forward)
    monkeypatch.setattr(rnn, "lstm_bwd", backward)


def test_mapped_lstms_of_cudnn_are_the_loop_in_float64_with_its_gradient(fake_cudnn):
    random, (T, D, H) = np.random.default_rng(0), (3, 2, 3)
    shapes = {"x": (T, 1, D), "U": (D, 4 * H), "W": (H, 4 * H), "b": (4 * H,)}
    shapes |= {"h": (1, H), "c": (1, H)}
    points = [
        {key: random.normal(size=shape) for key, shape in shapes.items()}
        for _ in range(2)
    ]

    def total(p):
        state, precision = (p["h"], p["c"]), jax.lax.Precision.HIGHEST
        (h, c), all_h = cudnn.cudnn_lstm(
            p["x"], p["U"], p["W"], p["b"], state, precision
        )
        return jnp.sum(jnp.sin(all_h)) + jnp.sum(h)

    def true(p):
        all_h = reference.lstm(p, p["x"][:, 0], (p["h"][0], p["c"][0]))
        return float(np.sum(np.sin(all_h)) + np.sum(all_h[-1]))

    many = jax.tree.map(lambda *v: jnp.stack(v).astype(jnp.float32), *points)
    values, gradient = jax.jit(jax.vmap(jax.value_and_grad(total)))(many)
    for r, point in enumerate(points):
        assert values[r] == pytest.approx(true(point), rel=1e-5)
        own = jax.tree.map(lambda g, r=r: np.asarray(g[r], np.float64), gradient)
        square = sum(float(np.sum(g * g)) for g in own.values())
        assert reference.slope(true, point, own) == pytest.approx(square, rel=1e-5)


def test_a_model_on_a_gpu_reaches_cudnn_with_weights_that_are_not_scaled(
    monkeypatch, fake_cudnn
):
    plain = outputs("lstm")
    monkeypatch.setenv(dispatch.VARIABLE, "on")
    monkeypatch.setattr(dispatch, "this_device", lambda: HOPPER)
    asked = []
    choose = dispatch.choose_cell
    monkeypatch.setattr(
        dispatch, "choose_cell", lambda *a: asked.append(choose(*a)) or asked[-1]
    )
    np.testing.assert_allclose(outputs("lstm"), plain, rtol=1e-5, atol=1e-6)
    assert set(asked) == {Choice("cudnn")}
