"""What stands behind the ports: MLflow, through its client or its tables, and process pools.

Nothing is imported here: each adapter loads its library when it is used.
"""
