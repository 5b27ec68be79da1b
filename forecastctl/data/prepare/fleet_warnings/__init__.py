"""What only the whole fleet shows: said before a forecast is published, and left as it is."""
