"""The data that the chapters work with."""

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
