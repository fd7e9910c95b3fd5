"""MLflow servers and Databricks as destinations: our spans in their form, their API for everything else."""
