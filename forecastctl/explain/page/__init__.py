"""The page and the charts of an explanation."""
