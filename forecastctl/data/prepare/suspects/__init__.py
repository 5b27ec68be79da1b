"""Values that look wrong rather than unusual: units, labels, months not published yet."""
