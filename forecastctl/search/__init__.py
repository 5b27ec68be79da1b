"""The search for an airport's models: folds, trials, and which of them are used."""
