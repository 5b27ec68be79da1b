"""What each way of running a job costs: measured side by side, from outside."""
