"""What Prometheus reads, and who may."""

import json
import re
from collections.abc import Iterator

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from calferry.bootstrap.figures import Figures
from calferry.bootstrap.http_server import listen, serving
from calferry.bootstrap.metrics import Metrics, metrics_only
from calferry.bootstrap.system import SystemClock
from calferry.emulator.server import RunningGoogle
from calferry.ports import RunEnd
from tests.contract.web.shared import ON_SHARED_SITE, site_for
from tests.contract.web.site import Site, sync
from tests.house.tree import ROOT
from tests.waiting import until

TOKEN = "metrics-token-of-the-contract-tests-0001"
ALICE = "alice@example.com"


@pytest.fixture
def watched(request: pytest.FixtureRequest) -> Iterator[Site]:
    with site_for(request, push=True, worker=True, metrics_token=TOKEN) as running:
        yield running


def values(site: Site) -> dict[str, float]:
    """Samples by name and labels."""
    answer = site.client(TOKEN).get("/metrics")
    assert answer.status_code == 200, answer.text
    return samples(answer.text)


def samples(text: str) -> dict[str, float]:
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}"] = sample.value
    return found


def test_without_a_token_in_the_settings_metrics_are_shut(site: Site) -> None:
    for client in (site.client(), site.client("None"), site.client("")):
        answer = client.get("/metrics")
        assert (answer.status_code, answer.json()["code"]) == (503, "metrics_closed")


@ON_SHARED_SITE
@pytest.mark.parametrize("token", [None, "wrong", TOKEN + "x", TOKEN[:-1], "é"])
def test_only_the_exact_token_opens_metrics(watched: Site, token: str | None) -> None:
    headers = {} if token is None else {"Authorization": f"Bearer {token}".encode()}
    assert watched.client().get("/metrics", headers=headers).status_code == 401


def test_a_change_that_is_pushed_shows_in_the_figures(watched: Site, google: RunningGoogle) -> None:
    alice = watched.person()
    assert sync(alice.http, alice.calendars[ALICE]).words()[-1] == "complete"
    body = {"summary": "Secret talk", "start": {"date": "2026-03-01"}, "end": {"date": "2026-03-02"}}
    made = watched.google_client(ALICE).post(f"/calendars/{ALICE}/events", json=body)
    assert made.status_code == 200
    shown = ("calferry_push_visible_seconds_count{}", "calferry_calendars{health=ok}")
    seen = until(lambda: (v := values(watched)) and all(v.get(name) for name in shown) and v, 30)
    assert seen["calferry_runs_total{kind=events,outcome=done}"] >= 2
    assert seen["calferry_notifications_total{outcome=accepted}"] >= 1
    assert seen["calferry_google_requests_total{method=events.list,status=200}"] >= 2
    assert seen["calferry_calendars{health=ok}"] == 1
    assert seen["calferry_channels{state=active}"] >= 1
    assert 0 < seen["calferry_channel_next_expiry_seconds{}"] <= 7 * 86_400
    assert seen["calferry_sync_lag_seconds_bucket{le=+Inf,mode=series,push=on}"] == 1
    assert 0 <= seen["calferry_sync_lag_max_seconds{mode=series,push=on}"] < 60
    assert seen["calferry_google_quota_left{period=minute}"] < 10_000
    assert seen["calferry_store_up{}"] == 1
    assert seen["calferry_open_streams{}"] == 0


def test_every_figure_that_the_page_on_operating_names_is_there(watched: Site) -> None:
    alice = watched.person()
    sync(alice.http, alice.calendars[ALICE])
    text = watched.client(TOKEN).get("/metrics").text
    named = set(re.findall(r"calferry_\w+", (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")))
    assert len(named) > 10
    assert [name for name in sorted(named) if f"# TYPE {name.removesuffix('_total')}" not in text] == []


def test_the_reference_names_every_figure_and_no_other(watched: Site) -> None:
    alice = watched.person()
    sync(alice.http, alice.calendars[ALICE])
    text = watched.client(TOKEN).get("/metrics").text
    shown = set(re.findall(r"^# TYPE (calferry_\w+)", text, re.MULTILINE))
    page = (ROOT / "docs" / "reference" / "metrics.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| `(calferry_\w+)`", page, re.MULTILINE))
    assert {name for name in shown if not name.endswith(("_created", "_gcount", "_gsum"))} - named == set()
    assert named - shown <= {"calferry_channel_next_expiry_seconds"}


def test_errors_of_google_are_counted_by_reason(watched: Site, google: RunningGoogle) -> None:
    alice = watched.person()
    google.control(
        "faults", {"faults": [{"method": "events.list", "times": 9, "action": "return-403:quotaExceeded"}]}
    )
    sync(alice.http, alice.calendars[ALICE])
    seen = values(watched)
    assert seen["calferry_google_errors_total{reason=quotaExceeded}"] >= 1
    assert seen["calferry_runs_total{kind=events,outcome=failed}"] >= 1
    assert seen["calferry_run_errors_total{code=403,kind=events}"] >= 1
    assert seen["calferry_calendars{health=failing}"] == 1


def test_no_name_of_a_person_a_calendar_or_an_event_is_in_the_figures(watched: Site) -> None:
    alice = watched.person()
    sync(alice.http, *alice.calendars.values())
    for headers in ({}, {"X-Goog-Channel-ID": "stranger"}):
        watched.client().post("/calendar/webhook", headers=headers)
    watched.client().get(f"/calendar/calendars/{alice.calendar_id}/events/{'x' * 20}")
    watched.client().get("/nowhere/at/all")
    text = watched.client(TOKEN).get("/metrics").text
    hidden = [
        "alice",
        "example.com",
        "stranger",
        "nowhere",
        "x" * 20,
        alice.account_id,
        *alice.calendars.values(),
    ]
    assert [word for word in hidden if word in text] == []
    seen = samples(text)
    outcomes = ("malformed", "unknown")
    assert [seen[f"calferry_notifications_total{{outcome={word}}}"] for word in outcomes] == [1, 1]


@pytest.mark.anyio
async def test_the_port_of_their_own_answers_metrics_and_nothing_else() -> None:
    class Silent:
        async def read(self, _work: object) -> None:
            raise OSError("gone")

    figures = Figures(lambda: 0)
    metrics = Metrics(figures, Silent(), SystemClock())  # type: ignore[arg-type]
    with listen("127.0.0.1", 0) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        async with serving(metrics_only(metrics), listener), httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(f"{url}/metrics")
            assert (answer.status_code, samples(answer.text)["calferry_store_up{}"]) == (200, 0)
            assert (await client.get(f"{url}/")).status_code == 404
            assert (await client.post(f"{url}/metrics")).status_code == 405


def test_a_receipt_is_visible_when_a_run_covers_its_mark() -> None:
    now = [1_000]
    figures = Figures(lambda: now[0])
    figures.marked("cal_1", 7, 1_000)
    figures.marked("cal_1", 8, 1_500)
    now[0] = 3_000
    assert seen_after(figures, 6) == (0, 0)
    assert seen_after(figures, 7) == (1, 2.0)
    now[0] = 4_500
    assert seen_after(figures, 9) == (2, 5.0)
    assert seen_after(figures, 9) == (2, 5.0)


def seen_after(figures: Figures, covers: int) -> tuple[float, float]:
    with figures.run("events", "cal_1") as ended:
        ended(RunEnd("done", covers))
    (family,) = figures.visible_seconds.collect()
    by_name = {sample.name.rpartition("_")[2]: sample.value for sample in family.samples}
    return by_name["count"], by_name["sum"]


def test_words_from_outside_cannot_flood_the_figures() -> None:
    figures = Figures(lambda: 0)
    for number in range(500):
        figures.asked_google("calendar.events.list", 403, f"reason{number}", 0.1)
    figures.asked_google("calendar.events.list", 403, 'x"} 1\n', 0.1)
    (family,) = figures.google_errors.collect()
    assert len({json.dumps(sample.labels) for sample in family.samples}) <= 101
