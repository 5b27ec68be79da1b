"""Regressors that are known in advance: the calendar, named events, and columns of a file."""
