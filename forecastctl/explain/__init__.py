"""Why a forecast was so far off: from the record to a verdict with its evidence."""
