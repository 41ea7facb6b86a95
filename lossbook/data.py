"""The data that the chapters work with."""

from importlib.resources import files

import numpy as np

ANIMALS = ("cat", "dog", "pig")

PICTURES = np.array([[0, 0, 1], [0, 1, 0], [1, 0, 0]])
"""What three pictures show, one-hot over `ANIMALS`: a pig, a dog, a cat."""

PICTURE_NAMES = ("1 (pig)", "2 (dog)", "3 (cat)")

MODEL_1 = np.array([[0.3, 0.3, 0.4], [0.3, 0.4, 0.3], [0.1, 0.2, 0.7]])
"""The probabilities that the first model gives to each animal, a row a picture."""

MODEL_2 = np.array([[0.1, 0.2, 0.7], [0.1, 0.7, 0.2], [0.3, 0.4, 0.3]])
"""The probabilities that the second model gives to each animal, a row a picture."""

MODELS = {"model 1": MODEL_1, "model 2": MODEL_2}

YEARS = np.arange(1950, 1974)

CALLS = np.array(
    "0.44 0.47 0.47 0.59 0.66 0.73 0.81 0.88 1.06 1.20 1.35 1.49 1.61 2.12 "
    "11.90 12.40 14.20 15.90 18.20 21.20 4.30 2.40 2.70 2.90".split(),
    dtype=float,
)
"""International telephone calls from Belgium in each of `YEARS`, in tens of millions.

From 1964 to 1969 minutes were recorded instead of calls, in 1963 and 1970 during a part of the year.
Source: Rousseeuw and Leroy 1987, table 2.
"""

SPECIES = ("Adelie", "Chinstrap", "Gentoo")

MEASUREMENTS = ("bill length in mm", "bill depth in mm", "flipper length in mm", "body mass in g")


def penguins() -> tuple[np.ndarray, np.ndarray]:
    """The measurements of 342 penguins, a row each in the order of `MEASUREMENTS`, and the number of each species.

    Every bird of the Palmer Archipelago, Antarctica, 2007 to 2009, but the two that were not measured.
    Source: Horst, Hill and Gorman 2020 (CC0).
    """
    with files("lossbook").joinpath("penguins.csv").open(encoding="utf-8") as file:
        next(file)
        birds = [line.split(",") for line in file]
    measurements = np.array([[float(number) for number in numbers] for _, *numbers in birds])
    return measurements, np.array([SPECIES.index(species) for species, *_ in birds])
