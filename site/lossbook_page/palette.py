"""One palette for pages and figures, light and dark. The light inks are those that the figures are drawn in."""

import colorsys
import re

from lossbook.figures import BLUE, GREEN, INK, ORANGE, QUIET

PAPER, NIGHT = "#ffffff", "#15181d"

COLOURS = {  # name: (on paper, at night)
    "paper": (PAPER, NIGHT),
    "tint": ("#f5f4f0", "#1f232a"),
    "edge": ("#d9d6cd", "#3a404a"),
    "ink": (INK, "#e5e3dd"),
    "soft": ("#575757", "#b1afa9"),
    "quiet": (QUIET, "#94928d"),
    "blue": (BLUE, "#6db6ea"),
    "orange": (ORANGE, "#f39b62"),
    "green": (GREEN, "#55c4a0"),
    "link": ("#005f96", "#7cbdec"),
    "wash": ("#e8f1f7", "#1b2f3f"),
}
"""Text is `ink` or `soft`; `quiet` draws lines. Blue, orange and green differ in grey too."""

NIGHT_OF = dict(COLOURS.values())


def at_night(colour):
    """What a colour of a figure becomes on the dark page: its partner in the palette, or its hue turned light."""
    if colour in NIGHT_OF:
        return NIGHT_OF[colour]
    red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    hue, light, saturation = colorsys.rgb_to_hls(red, green, blue)
    turned = colorsys.hls_to_rgb(hue, 0.93 - 0.84 * light, 0.8 * saturation)
    return "#" + "".join(f"{round(255 * part):02x}" for part in turned)


def figure_at_night(svg):
    return re.sub(r"#[0-9a-f]{6}\b", lambda found: at_night(found[0]), svg)


def variables():
    """The style sheet's first lines. On paper, in print and without a wish for dark pages: light."""
    light, dark = ("".join(f"--{name}:{pair[kind]};" for name, pair in COLOURS.items()) for kind in (0, 1))
    return (
        f":root{{color-scheme:light;{light}}}\n"
        f"@media screen{{:root[data-theme=dark]{{color-scheme:dark;{dark}}}}}\n"
        f"@media screen and (prefers-color-scheme:dark){{:root:not([data-theme=light]){{color-scheme:dark;{dark}}}}}\n"
    )
