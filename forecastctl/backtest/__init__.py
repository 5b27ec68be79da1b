"""Backtest: forecast again from many past cutoffs, and score what came true."""
