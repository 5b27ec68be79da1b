"""A loss: a passenger who finds no seat costs three times as much as an empty seat."""

import numpy as np


def lost_seats(y_true, mean, sd, scale):
    """Mean of ``3 (y - f)`` where the forecast was too low and of ``f - y`` where too high."""
    error = y_true - mean
    return float(np.mean(np.maximum(3.0 * error, -error)))
