"""The families by statsmodels and by plain Python, where nothing is compiled."""
