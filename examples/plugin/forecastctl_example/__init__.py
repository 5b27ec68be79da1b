"""A family, a loss, an executor and a store for forecastctl, found by entry points."""
