"""Write to an MLflow store's own database, many runs in one transaction."""
