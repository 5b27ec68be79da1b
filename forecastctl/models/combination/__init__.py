"""Several models weighted into one forecast: fit, predict, replay, advance."""
