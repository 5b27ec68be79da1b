"""The command line: flags to settings, one use case, one rendering."""
