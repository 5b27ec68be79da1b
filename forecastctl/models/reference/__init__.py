"""The families that statsmodels has, fitted by statsmodels."""
