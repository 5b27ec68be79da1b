"""What starts the job by itself: lines and files for cron, systemd, Kubernetes and Airflow."""
