"""What other tracers call things: one file a vocabulary, each pure, from attributes to a `Reading`."""
