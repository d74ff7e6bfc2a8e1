"""An engine over the real database, the real clock and Google."""

import contextlib
import os
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import urlsplit

from calferry import google
from calferry.bootstrap.collector import calm_collector
from calferry.bootstrap.database import open_store
from calferry.bootstrap.day_quota import DayQuota
from calferry.bootstrap.figures import Figures
from calferry.bootstrap.observed_transport import ObservedTransport
from calferry.bootstrap.observer import Watch
from calferry.bootstrap.outbound import GuardedOutbound
from calferry.bootstrap.owner import own_name
from calferry.bootstrap.shared_quota import SharedQuota
from calferry.bootstrap.spans import NoSpans, Spans
from calferry.bootstrap.surroundings import Surroundings, surroundings
from calferry.bootstrap.system import SystemClock, SystemIds
from calferry.core.model import AccountId
from calferry.ports import CalendarSource, Store
from calferry.settings import Settings, SettingsInvalid
from calferry.store import sealed
from calferry.store.quota import Limits
from calferry.sync.credentials import Credentials
from calferry.sync.engine import Engine, Intervals
from calferry.sync.google_oauth import GoogleSignIn
from calferry.sync.google_source import GoogleSource
from calferry.vault import SealingVault, key_id

EDITS = google.RetryPolicy(attempts_max=2, total_s=20.0)
MINUTE_S = 60.0
NEEDED = ("keys", "google_client_id", "google_client_secret")


@contextlib.asynccontextmanager
async def opened_engine(
    settings: Settings, *, must_exist: bool = False, watch: Watch | None = None
) -> AsyncIterator[Engine]:
    """An engine until the block ends. Raises SettingsInvalid or DatabaseUnusable before anything is touched, also for an
    absent database where it `must_exist`."""
    settings.require(*NEEDED)
    calm_collector()
    store = await open_store(
        settings.database_address, auto_migrate=settings.auto_migrate, must_exist=must_exist
    )
    try:
        await refuse_missing_keys(settings, store)
        watch = watch or new_watch()
        async with (
            google.AiohttpTransport() as transport,
            surroundings(store) as around,
            GuardedOutbound(
                around.clock, watch.figures.webhooks, allow_inside=settings.allow_private_webhooks
            ) as outbound,
        ):
            yield replace(engine_of(settings, store, transport, watch, around), outbound=outbound)
    finally:
        await store.close()


async def refuse_missing_keys(settings: Settings, store: Store) -> None:
    """Without the key of a stored grant its mirror would stand still, so nothing starts."""
    missing = await store.read(sealed.keys_needed) - {key_id(key) for key in settings.sealing_keys}
    if missing:
        names = ", ".join(sorted(name.hex() for name in missing))
        said = (
            f"CALFERRY_KEYS lacks key {names}, which stored grants were sealed with: list it behind the newest one. "
            "If it is lost for good, `calferry keys rotate --forget-unreadable` gives those grants up."
        )
        raise SettingsInvalid([said])


def new_watch(spans: Spans | None = None) -> Watch:
    """What this process will count and trace."""
    return Watch(Figures(SystemClock().lease_ms), spans or NoSpans())


def engine_of(
    settings: Settings, store: Store, wire: google.Transport, watch: Watch, around: Surroundings
) -> Engine:
    """Join the ports."""
    clock, dice, budget = around.clock, random.SystemRandom(), google.RetryBudget()
    google_clock, endpoints = google.SystemClock(), endpoints_of(settings)
    transport = ObservedTransport(wire, watch, google_clock.now)
    vault = SealingVault(settings.sealing_keys, os.urandom)
    quota = quota_of(settings, store, google_clock, watch)
    client_secret = settings.google_client_secret.get_secret_value()
    oauth = GoogleSignIn(
        google.GoogleOAuth(
            transport, settings.google_client_id, client_secret, google_clock, dice, endpoints, budget
        )
    )
    credentials = Credentials(own_name(), store, vault, oauth, clock, dice)

    def source(account_id: AccountId) -> CalendarSource:
        tokens = credentials.of(account_id)
        joined = (transport, tokens, google_clock, dice, endpoints, budget, quota)
        return GoogleSource(
            google.GoogleCalendar(*joined, user=account_id),
            edits=google.GoogleCalendar(*joined, user=account_id, policy=EDITS),
        )

    return Engine(
        owner=own_name(),
        store=store,
        clock=clock,
        ids=SystemIds(),
        dice=dice,
        vault=vault,
        signals=around.signals,
        oauth=oauth,
        source=source,
        webhook_address=settings.webhook_address,
        intervals=intervals_of(settings),
        observer=watch,
    )


def quota_of(settings: Settings, store: Store, clock: google.Clock, watch: Watch) -> google.Quota:
    """Counted in the database where other processes spend of the same, else here."""
    gauge = watch.figures.quota_left
    if settings.is_shared:
        per_user = settings.quota_per_user_per_minute
        limits = Limits(settings.quota_per_minute, per_user, settings.quota_per_day, MINUTE_S)
        shared = SharedQuota(store, limits, clock)
        gauge.labels("minute").set_function(lambda: shared.left)
        gauge.labels("day").set_function(lambda: shared.left_today)
        return shared
    minute = google.SlidingQuota(clock, settings.quota_per_minute, settings.quota_per_user_per_minute)
    quota = DayQuota(minute, settings.quota_per_day, clock.now)
    gauge.labels("minute").set_function(minute.left)
    gauge.labels("day").set_function(quota.left)
    return quota


def intervals_of(settings: Settings) -> Intervals:
    return Intervals(
        poll_with_push_s=settings.poll_with_push_s,
        poll_without_push_s=settings.poll_without_push_s,
        calendar_list_s=settings.calendar_list_s,
        jitter=settings.poll_jitter,
    )


def endpoints_of(settings: Settings) -> google.Endpoints:
    """Where Google is. Another Google may name its own address as the issuer of its id tokens."""
    usual = google.Endpoints()
    own = () if settings.google_auth_url == usual.auth_url else (origin_of(settings.google_auth_url),)
    return google.Endpoints(
        api_url=settings.google_api_url,
        auth_url=settings.google_auth_url,
        token_url=settings.google_token_url,
        revoke_url=settings.google_revoke_url,
        certs_url=settings.google_certs_url,
        userinfo_url=settings.google_userinfo_url,
        issuers=(*usual.issuers, *own),
    )


def origin_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
