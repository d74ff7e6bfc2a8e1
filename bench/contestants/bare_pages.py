"""The least that turns a page into rows: msgspec finds the columns, the event's bytes are stored as they came."""

from typing import NamedTuple

import msgspec

from bench.contestants.plain_table import Row


class Moment(msgspec.Struct):
    dateTime: str | None = None
    date: str | None = None


class Columns(msgspec.Struct):
    id: str
    status: str
    etag: str | None = None
    summary: str | None = None
    start: Moment | None = None
    end: Moment | None = None
    updated: str | None = None


class Envelope(msgspec.Struct):
    items: list[msgspec.Raw] = []
    nextPageToken: str | None = None
    nextSyncToken: str | None = None


class BarePage(NamedTuple):
    rows: list[Row]
    gone: list[tuple[str, str]]
    page_token: str | None
    sync_token: str | None


envelope_decoder = msgspec.json.Decoder(Envelope)
columns_decoder = msgspec.json.Decoder(Columns)


def moment(value: Moment | None) -> str | None:
    return (value.dateTime or value.date) if value else None


def read_page(calendar_id: str, body: bytes) -> BarePage:
    envelope = envelope_decoder.decode(body)
    rows: list[Row] = []
    gone = []
    for raw in envelope.items:
        found = columns_decoder.decode(raw)
        if found.status == "cancelled":
            gone.append((calendar_id, found.id))
            continue
        times = moment(found.start), moment(found.end)
        head = calendar_id, found.id, found.etag, found.status, found.summary
        rows.append((*head, *times, found.updated, str(memoryview(raw), "utf-8")))
    return BarePage(rows, gone, envelope.nextPageToken, envelope.nextSyncToken)
