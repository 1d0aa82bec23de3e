"""The tables of models: what each computes, what it carries, costs and can do."""

import inspect

from lib.capability import Capability, capability, is_parallel
from lib.docstring import source, state_update, title
from lib.markdown import cell, code, file_link, knobs, table
from lib.registry import FAMILIES
from lib.setting import settings_of
from lib.types import Interface

# Of a task of 17 tokens and 8 answers, as recall's.
INTERFACE = Interface(vocabulary_size=17, input_size=17, output_size=8)
HIDDEN_SIZE = 32

_COLUMNS = (
    "model",
    "",
    "its state or answer after step t",
    "source",
    "layers",
    "parameters",
    "state",
    "FLOPs a token",
    "inputs seen",
    "can",
    "settings of its own",
)
# What several families take alike.
_SHARED = frozenset(
    "hidden_size num_layers embedding_size dropout pooling direction".split()
)


def family_table(family: str) -> list[str]:
    """One row for each model of a family, in the order of the registry."""
    return table(_COLUMNS, [_row(name, family) for name in FAMILIES[family]])


def _row(name: str, family: str) -> list[str]:
    factory = FAMILIES[family][name]
    model = factory(INTERFACE, hidden_size=HIDDEN_SIZE)
    found = capability(model, INTERFACE)
    field = found.receptive_field
    return [
        file_link(name, factory),
        cell(title(factory).split(": ")[0]),
        code(state_update(factory)),
        source(factory) or "–",
        str(settings_of(factory)["num_layers"].default),
        f"{found.parameters:,}",
        f"{found.state_size:,}",
        _rounded(found.flops_per_token),
        "all past" if field is None else f"{field:,}",
        ", ".join(_abilities(name, found)),
        knobs(factory, _SHARED),
    ]


def _rounded(number: int) -> str:
    """To two digits: what a version of JAX counts differently is less than that."""
    return f"{round(number, 2 - len(str(number))):,}"


def _abilities(name: str, found: Capability) -> list[str]:
    """In words, so that what is missing can be seen by its absence."""
    factory = next(models[name] for models in FAMILIES.values() if name in models)
    both_ways = "direction" in inspect.signature(factory).parameters
    can = {
        "causal": found.causal,
        "step": found.step,
        "stream": found.constant_state,
        "reset": found.resets,
        "parallel": is_parallel(name),
        "both ways": both_ways,
    }
    return [word for word, is_so in can.items() if is_so]
