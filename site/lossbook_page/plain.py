"""A formula as a line of text, for places that show no formulas: \\frac{\\partial L}{\\partial z} is ∂L/∂z."""

import re
import unicodedata

SIGNS = {
    "approx": "≈",
    "cdot": "·",
    "ge": "≥",
    "infty": "∞",
    "le": "≤",
    "ne": "≠",
    "partial": "∂",
    "pm": "±",
    "sqrt": "√",
    "sum": "∑",
    "times": "×",
    "to": "→",
}
ACCENTS = {"bar": "\N{COMBINING MACRON}", "hat": "\N{COMBINING CIRCUMFLEX ACCENT}"}
TYPE_ONLY = r"\\(?:left|right|operatorname|displaystyle|math\w+|text)\b|\\[,;:! ]"


def plain(latex):
    """The LaTeX of an inline formula with its signs and without what only sets type."""
    text = re.sub(TYPE_ONLY, " ", latex)
    text = re.sub(r"\\(bar|hat) ?\{(\w)\}", lambda found: found[2] + ACCENTS[found[1]], text)
    text = re.sub(r"\\frac(\d)(\d)", r"\1/\2", text)
    text = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", lambda found: f"{_one(found[1])}/{_one(found[2])}", text)
    text = re.sub(r"\\([a-zA-Z]+)", _sign, text).replace("∂ ", "∂")
    text = unicodedata.normalize("NFC", re.sub(r"[{}\\]", "", text))
    return re.sub(r"(?<=[(_^]) +| +(?=[)_^,])", "", " ".join(text.split()))


def _one(part):
    """Part of a fraction, in brackets if it is a sum."""
    return f"({part})" if re.search(r"\S ?[+-]", part) else part


def _sign(found):
    name = found[1]
    if name in SIGNS:
        return SIGNS[name]
    try:
        return unicodedata.lookup(f"GREEK SMALL LETTER {name.removeprefix('var')}")
    except KeyError:
        return name  # a function: log, tanh
