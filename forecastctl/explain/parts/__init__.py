"""A miss, or a change between two forecasts, split into parts that add up."""
