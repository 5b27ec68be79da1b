"""Look at the data without training anything: `forecastctl check`."""
