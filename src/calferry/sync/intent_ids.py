"""Ids of the events that intents make: known before Google is asked, and the same at every attempt."""

from calferry import google
from calferry.store.fingerprints import fingerprint

ID_BYTES = 16


def event_id_for(intent_id: str) -> str:
    """26 characters of Google's alphabet for new events."""
    return google.event_id_of(fingerprint(intent_id)[:ID_BYTES])
