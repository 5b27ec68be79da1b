"""Whether a newly trained fleet takes the place of the one that answers now."""
