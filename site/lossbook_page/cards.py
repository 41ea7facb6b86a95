"""The picture that others show where a page is shared: its title, over the slope that the book is about."""

import re
import textwrap
from io import BytesIO

import matplotlib
import numpy as np
from matplotlib.figure import Figure as Canvas

from lossbook import functions
from lossbook_page.heads import CARDS, card_path
from lossbook_page.palette import COLOURS, NIGHT

STYLE = {"font.family": "DejaVu Serif", "text.parse_math": False, "text.hinting": "none"}


def card(title, number, book):
    """1200 by 630 pixels, as bytes of a PNG that the same words always give."""
    _, light = COLOURS["ink"]
    with matplotlib.rc_context(STYLE):
        canvas = Canvas(figsize=(12, 6.3), dpi=100, facecolor=NIGHT)
        axes = canvas.add_axes((0, 0, 1, 0.42))
        z = np.linspace(-7, 7, 300)
        axes.plot(z, functions.softplus.value(-z), color=COLOURS["orange"][1], linewidth=5)
        axes.plot(z, -0.15 + 7 * functions.sigmoid.value(z), color=COLOURS["blue"][1], linewidth=5, alpha=0.55)
        axes.set(xlim=(-7, 7), ylim=(-0.6, 7.4))
        axes.axis("off")
        canvas.text(0.07, 0.87, number, color=COLOURS["soft"][1], size=26, va="top")
        lines = textwrap.wrap(title, 34)
        canvas.text(
            0.07, 0.78, "\n".join(lines), color=light, size=44 if len(lines) < 3 else 36, va="top", linespacing=1.25
        )
        canvas.text(0.07, 0.07, book, color=COLOURS["soft"][1], size=22)
        file = BytesIO()
        canvas.savefig(file, format="png", metadata={"Software": None}, facecolor=NIGHT)
    return file.getvalue()


def put(app, site):
    (site / CARDS).mkdir()
    for page in sorted(app.env.found_docs):
        numbers = app.env.toc_secnumbers.get(page, {}).get("")
        number = f"Chapter {numbers[0]}" if numbers else ""
        title = re.sub(r"\s+", " ", app.env.titles[page].astext())
        (site / card_path(page)).write_bytes(card(title, number, app.config.html_title))
