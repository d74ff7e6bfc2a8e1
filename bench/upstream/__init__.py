"""A fixed, fast, Google-shaped Calendar API: every answer is serialised and compressed before the first request."""
