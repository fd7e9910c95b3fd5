"""Who may ask and what for: tokens, sessions, limits, audit lines. Knows no HTTP; `api.gate` asks here."""
