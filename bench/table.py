"""The figures as a Markdown table."""

from collections.abc import Mapping

from bench.figures import Figures
from bench.options import Options
from bench.roster import ROSTER

HEADINGS = (
    "contestant", "events/s", "of bare WAL", "of bare COPY", "of httpx loop", "CPU s", "peak MB", "changes, s",
    "unchanged, ms", "its CPU, ms", "requests", "right",
)  # fmt: skip
LABELS = {contestant.name: contestant.label for contestant in ROSTER}


def times(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def cells(name: str, found: Figures) -> tuple[str, ...]:
    requests = (found.requests.get(view, 0) for view in ("full", "changes", "unchanged"))
    return (
        LABELS[name],
        f"{found.events_per_s:,.0f}",
        times(found.of_bare_wal),
        times(found.of_bare_copy),
        times(found.of_httpx_loop),
        f"{found.full_cpu_s:.2f}",
        f"{found.peak_mb:.0f}",
        f"{found.changes_s:.3f}",
        f"{found.unchanged_ms:.2f}",
        f"{found.unchanged_cpu_ms:.2f}",
        "+".join(str(count) for count in requests),
        "NO" if found.wrong else "yes",
    )


def title(options: Options) -> str:
    return (
        f"{options.calendars} calendars of {options.events:,} events, {options.calendars * options.changes:,} changes, "
        f"upstream latency {options.latency_ms:g} ms, medians of {options.runs} interleaved runs"
    )


def table(options: Options, found: Mapping[str, Figures]) -> str:
    rows = [HEADINGS, *(cells(name, figures) for name, figures in found.items())]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = [line(row, widths) for row in rows]
    rule = "| " + " | ".join("-" * width for width in widths) + " |"
    return "\n".join([title(options), "", lines[0], rule, *lines[1:]])


def line(row: tuple[str, ...], widths: list[int]) -> str:
    return "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"


def growth(small: Mapping[str, Figures], big: Mapping[str, Figures]) -> str:
    """Return a line for each contestant: how much its peak grew with five times the events."""
    lines = (f"{name}: {big[name].peak_mb - small[name].peak_mb:+.0f} MB" for name in small)
    return "Growth of the peak: " + ", ".join(lines)
