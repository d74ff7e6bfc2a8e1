"""calferry keeps an exact, live, two-way copy of Google Calendars in a database you control."""

__version__ = "0.1.0"
