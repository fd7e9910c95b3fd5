"""The reading side: from stored rows and payloads to what the API answers."""
