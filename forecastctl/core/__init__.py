"""Pure modelling core: metrics, splits, model families, search, forecasts."""
