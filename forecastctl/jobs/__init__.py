"""A job: train or forecast every airport, and record each as it is done."""
