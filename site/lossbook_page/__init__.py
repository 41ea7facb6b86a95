"""What a page of the book needs beyond Jupyter Book and MyST-NB: one idea a module.

mathematics   formulas and derivations, typeset while the book is built
quiz          questions that answer at once
interactive   figures that a reader moves: first frame, directive and script
scenes        each of these figures
quantities    what they compute, here and in the browser
javascript    the catalogue's formulas for the browser
folding       solutions folded away
heads         titles, descriptions, links to run or edit a page
cards         the picture for those who share a page
plain         a formula as a line of text, for the search
palette       the colours of pages and figures, light and dark
finish        pages made small once all are written: one style sheet, fonts, figures, search data, the zip
guards        what fails the build when a page is wrong
"""

import logging
import re

from lossbook_page import finish, folding, heads, interactive, mathematics, quiz


def name_cell(record):
    """In the place of a warning, name the cell that MyST-NB counts into the line: 10000 times the cell and the line."""
    place = re.fullmatch(r"(.*\.ipynb):(\d+)(\d{4})", getattr(record, "location", None) or "")
    if place:
        record.location = f"{place[1]}, cell {int(place[2])}, line {max(int(place[3]) - 1, 1)}"
    return True


def setup(app):
    for handler in logging.getLogger("sphinx").handlers:
        handler.addFilter(name_cell)
    app.add_config_value("comments_config", {}, "")  # Jupyter Book sets it in any case
    for module in (mathematics, quiz, interactive, folding, heads, finish):
        module.setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": False}  # one process knows all characters of formulas
