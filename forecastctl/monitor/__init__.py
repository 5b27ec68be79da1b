"""Watch forecasts as actuals come in: which airports need attention."""
