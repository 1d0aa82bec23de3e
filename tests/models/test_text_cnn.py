import jax
import numpy as np
import pytest

from lib.models.text_cnn import make_text_cnn
from lib.train import predict
from lib.types import Interface
from tests import reference
from tests.models.agreement import INTERFACE, check_agreement

WORDS = Interface(vocabulary_size=9, input_size=9, output_size=3, padding=True)


def test_text_cnn_follows_the_paper_in_values_and_gradients():
    def loop(params, x, carry):
        past, largest = np.asarray(carry[0]), np.asarray(carry[1])
        return reference.text_cnn(params["layer_0"], x, past, largest, (2, 4))

    check_agreement(make_text_cnn(INTERFACE, hidden_size=3, widths=(2, 4)), loop)


def test_the_maximum_is_over_all_words_read_so_far():
    model = make_text_cnn(WORDS, hidden_size=5, embedding_size=4, widths=(1, 2))
    x = np.random.default_rng(0).integers(1, 9, (2, 12), dtype=np.int32)
    params = model.init(jax.random.key(0), x)
    read = jax.jit(lambda x: predict(model, params, x, None))
    whole = read(x)
    for t in (1, 5):
        np.testing.assert_allclose(read(x[:, :t])[:, -1], whole[:, t - 1], rtol=1e-5)


def test_no_width_is_refused():
    with pytest.raises(ValueError, match="text_cnn: widths must name at least one"):
        make_text_cnn(INTERFACE, widths=())
