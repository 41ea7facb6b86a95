"""Sentences with expressions in them, written as Markdown for the page and as text for the terminal."""

from collections.abc import Callable
from typing import Any

from sympy import Expr

from lossbook.typeset import Formula, latex, text


class Words:
    """A sentence such as Words("The slope is {slope}.", slope=p * (1 - p)); it shows itself.

    A term in braces is an expression, or a `Formula`.
    """

    def __init__(self, template: str, **terms: Any) -> None:
        self.template = template
        self.terms = terms

    def _repr_markdown_(self) -> str:
        return self._filled(latex, "$")

    def __str__(self) -> str:
        return self._filled(text, "")

    __repr__ = __str__

    def _filled(self, write: Callable[[Expr], str], mark: str) -> str:
        written = {}
        for name, term in self.terms.items():
            sides = term.sides if isinstance(term, Formula) else [term]
            written[name] = mark + " = ".join(map(write, sides)) + mark
        try:
            return self.template.format_map(written)
        except KeyError as error:
            raise ValueError(f"no term {error.args[0]} for {self.template!r}") from None


class Paragraph:
    """Sentences one after the other, those that are None left out."""

    def __init__(self, *sentences: Any) -> None:
        self.sentences = [sentence for sentence in sentences if sentence is not None]

    def _repr_markdown_(self) -> str:
        return " ".join(sentence._repr_markdown_() for sentence in self.sentences)

    def __str__(self) -> str:
        return " ".join(map(str, self.sentences))

    __repr__ = __str__
