"""What the docstrings of model and task files say, read as their house style has it.

A file opens with a title and its source, equations are indented, and a task's scored
positions stand behind the word "Scored:".
"""

import re
import sys
from collections.abc import Callable
from typing import Any

_SOURCE = re.compile(r"\((?:[^();]*; )?([^();:]*? (?:1[89]|20)\d\d)[a-z]?\b([^();]*)")
_ARXIV = re.compile(r"arXiv:(\d{4}\.\d{4,5})")


def paragraphs(factory: Callable[..., Any]) -> list[str]:
    """Those of the docstring of a factory's file, lines kept."""
    text = sys.modules[factory.__module__].__doc__ or ""
    return re.split(r"\n\s*\n", text.strip())


def title(factory: Callable[..., Any]) -> str:
    """The first sentence of the file, up to its source, on one line."""
    whole = _one_line(paragraphs(factory)[0])
    named = re.split(r" \((?=[^()]*\d{4})", whole)[0]
    return re.split(r"(?<=[a-z])\. ", named)[0].removesuffix(".")


def source(factory: Callable[..., Any]) -> str:
    """Authors and year of the first source, with a link where it is on arXiv."""
    for text in map(_one_line, paragraphs(factory)):
        if found := _SOURCE.search(text):
            arxiv = _ARXIV.search(found[2])
            if not arxiv:
                return found[1]
            return f"[{found[1]}](https://arxiv.org/abs/{arxiv[1]})"
    return ""


def state_update(factory: Callable[..., Any]) -> str:
    """The equation whose left side stands on its right one step earlier.

    Where there is none, the last that sums over inputs; else the first.
    """
    lines = [e for text in paragraphs(factory) for e in _equations(text)]
    recurrent = [e for e in lines if _is_recurrent(e)]
    sums = [e for e in lines if re.search(r"sum_|\.\.\. \+", e)]
    return (recurrent or sums[-1:] or lines or [""])[0].rstrip(",")


def scored(factory: Callable[..., Any]) -> str:
    """The first sentence of what is scored."""
    for text in map(_one_line, paragraphs(factory)):
        _, said, after = text.partition("Scored: ")
        if said:
            return re.split(r"[.;:](?: |$)", after)[0]
    return ""


def _equations(paragraph: str) -> list[str]:
    """Its indented equations, without the remarks beside them, each on one line."""
    found: list[str] = []
    for line in paragraph.splitlines():
        if not line.startswith("    "):
            continue
        text = re.split(r"\s{2,}", re.sub(r"\s+=\s+", " = ", line.strip()))[0]
        if found and found[-1].count("(") > found[-1].count(")"):
            found[-1] += " " + text
        elif " = " in text:
            found.append(text)
    return found


def _is_recurrent(equation: str) -> bool:
    left, _, right = equation.partition(" = ")
    name = left.strip().removesuffix("_t")
    return left.strip().endswith("_t") and f"{name}_{{t-1}}" in right


def _one_line(text: str) -> str:
    return " ".join(text.split())
