"""MLflow as the store: the only package that knows it."""
