"""Use cases over a panel, through the ports."""
