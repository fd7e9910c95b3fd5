"""What MLflow's clients say to a tracking server, translated to what Outcrop keeps. Routes are in `edge`."""
