"""Moving over: copies traces from an MLflow server or database into Outcrop."""
