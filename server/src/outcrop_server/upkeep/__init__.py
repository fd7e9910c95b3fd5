"""What a server does for its store by itself, whichever engine that is."""
