"""calferry keeps an exact, live copy of Google Calendars in a database you control."""

__version__ = "0.1.0"
