import textwrap

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from lib.models import stack as module
from lib.models.stack import stack
from lib.ops.chunk import scan_with_resets
from lib.setting import Size
from lib.types import Interface, Model


def test_the_layer_of_the_docstring_is_a_model():
    names = dict(
        nn=nn,
        jnp=jnp,
        stack=stack,
        scan_with_resets=scan_with_resets,
        Interface=Interface,
        Size=Size,
        Model=Model,
    )
    lines = (module.__doc__ or "").splitlines()
    source = "\n".join(line for line in lines if line.startswith("    "))
    exec(textwrap.dedent(source), names)
    model = names["make_leaky"](Interface(0, 3, 2), hidden_size=4)
    x = np.random.default_rng(0).normal(size=(2, 5, 3)).astype(np.float32)
    params = model.init(jax.random.key(0), x)

    outputs, _ = model.apply(params, model.initial(params, x), x, None, None)

    # With a = 1 the state is the sum of the inputs so far.
    layer = params["layer_0"]
    expected = np.cumsum(x @ np.asarray(layer["U"]), axis=1) @ np.asarray(params["V"])
    np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-5)
