"""What a call costs: the user's own price table first, then the library `genai-prices`, else unknown."""
