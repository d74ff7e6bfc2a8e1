"""Every table. Columns named `*_at` hold UTC milliseconds since 1970; `*_date` hold `YYYY-MM-DD`."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeEngine

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only in a column declared INTEGER.
RowId = BigInteger().with_variant(Integer, "sqlite")
UNSETTLED = text("status = 'pending' OR done_mark IS NOT NULL")
PENDING = text("status = 'pending'")
LEASED = text("lease_owner IS NOT NULL")


def required(name: str, kind: type[TypeEngine[Any]] = Text) -> Column[Any]:
    return Column(name, kind, nullable=False)


def counter(name: str) -> Column[Any]:
    return Column(name, BigInteger, nullable=False, server_default=text("0"))


users = Table(
    "users",
    metadata,
    Column("id", RowId, primary_key=True),
    required("email"),
    Column("google_sub", Text, unique=True),
    counter("change_head"),
    counter("change_floor"),
    Column("sync_accepted_at", BigInteger),
    required("created_at", BigInteger),
    Column("left_at", BigInteger),
    Index("ix_users_email", "email"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    required("user_id", BigInteger),
    required("created_at", BigInteger),
    required("seen_at", BigInteger),
    required("expires_at", BigInteger),
    Index("ix_sessions_user_id", "user_id"),
)

sign_ins = Table(
    "sign_ins",
    metadata,
    Column("state_hash", LargeBinary, primary_key=True),
    required("browser_hash", LargeBinary),
    required("verifier", LargeBinary),
    required("nonce"),
    required("intent"),
    required("return_to"),
    Column("account_id", Text),
    Column("user_id", BigInteger),
    required("expires_at", BigInteger),
    Column("used_at", BigInteger),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", Text, primary_key=True),
    required("user_id", BigInteger),
    required("name"),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    required("created_at", BigInteger),
    Column("last_used_at", BigInteger),
    Index("ix_api_tokens_user_id", "user_id"),
)

accounts = Table(
    "accounts",
    metadata,
    Column("id", Text, primary_key=True),
    required("user_id", BigInteger),
    Column("google_sub", Text),
    required("email"),
    required("status"),
    Column("status_reason", Text),
    required("scopes"),
    counter("grant_number"),
    Column("refresh_token", LargeBinary),
    Column("access_token", LargeBinary),
    Column("access_expires_at", BigInteger),
    Column("refresh_owner", Text),
    Column("refresh_until", BigInteger),
    Column("refresh_boot", Text),
    required("created_at", BigInteger),
    Column("list_push_checked_at", BigInteger),
    Column("quota_until", BigInteger),
    Index("ix_accounts_user_id", "user_id"),
    Index("ix_accounts_google_sub", "google_sub"),
)

calendars = Table(
    "calendars",
    metadata,
    Column("id", Text, primary_key=True),
    required("user_id", BigInteger),
    required("account_id"),
    required("google_id"),
    required("summary"),
    Column("title", Text),
    Column("time_zone", Text),
    required("access_role"),
    Column("is_primary", Boolean, nullable=False, server_default=text("false")),
    Column("is_hidden", Boolean, nullable=False, server_default=text("false")),
    Column("selected", Boolean, nullable=False, server_default=text("false")),
    required("mode"),
    Column("projection_id", BigInteger),
    required("push"),
    Column("push_checked_at", BigInteger),
    required("raw"),
    Column("default_reminders", Text),
    Column("listed_in", BigInteger),
    Column("missing_since", BigInteger),
    Column("removed_at", BigInteger),
    required("created_at", BigInteger),
    UniqueConstraint("account_id", "google_id"),
    Index("ix_calendars_user_id", "user_id"),
    Index(
        "ix_calendars_primary",
        "account_id",
        sqlite_where=text("is_primary = 1"),
        postgresql_where=text("is_primary"),
    ),
)

projections = Table(
    "projections",
    metadata,
    Column("id", RowId, primary_key=True),
    required("user_id", BigInteger),
    required("calendar_id"),
    required("mode"),
    Column("window_start_at", BigInteger),
    Column("window_end_at", BigInteger),
    required("created_at", BigInteger),
    Column("ended_at", BigInteger),
    Index("ix_projections_calendar_id", "calendar_id"),
)

# One row per (account, resource): `id` is the calendar's id, or the account's id for its calendar list.
sync_states = Table(
    "sync_states",
    metadata,
    Column("id", Text, primary_key=True),
    required("user_id", BigInteger),
    required("account_id"),
    required("kind"),
    required("status"),
    Column("sync_token", Text),
    Column("page_token", Text),
    Column("page_request", Text),
    Column("page_dirty_seq", BigInteger),
    counter("pass_generation"),
    Column("pass_projection_id", BigInteger),
    counter("pass_pages"),
    counter("last_pass_pages"),
    counter("pass_live"),
    counter("pass_restarts"),
    Column("pass_unread", Boolean, nullable=False, server_default=text("false")),
    Column("pass_fresh", Boolean, nullable=False, server_default=text("false")),
    counter("generation"),
    counter("dirty_seq"),
    counter("clean_seq"),
    Column("last_success_at", BigInteger),
    Column("last_attempt_at", BigInteger),
    Column("last_full_at", BigInteger),
    Column("next_due_at", BigInteger),
    Column("not_before_at", BigInteger),
    counter("failures"),
    counter("failed_runs"),
    Column("last_error_code", Text),
    Column("last_error_message", Text),
    Column("last_error_at", BigInteger),
    Column("last_error_retryable", Boolean),
    Column("guarded_at", BigInteger),
    Column("lease_owner", Text),
    Column("lease_until", BigInteger),
    Column("lease_boot", Text),
    counter("fence"),
    Column("verified_at", BigInteger),
    Column("verified_differences", BigInteger),
    Index("ix_sync_states_next_due_at", "next_due_at"),
    Index("ix_sync_states_account_id", "account_id", "next_due_at", "id"),
    Index("ix_sync_states_last_attempt_at", "last_attempt_at"),
    Index("ix_sync_states_leased", "account_id", sqlite_where=LEASED, postgresql_where=LEASED),
    Index("ix_sync_states_user_id", "user_id"),
)

events = Table(
    "events",
    metadata,
    required("user_id", BigInteger),
    required("projection_id", BigInteger),
    required("event_id"),
    required("status"),
    Column("etag", Text),
    Column("updated_at", BigInteger),
    Column("start_at", BigInteger),
    Column("end_at", BigInteger),
    Column("start_date", Text),
    Column("end_date", Text),
    Column("series_id", Text),
    Column("original_start", Text),
    Column("ical_uid", Text),
    Column("recurring", Boolean, nullable=False),
    required("generation", BigInteger),
    required("change_id", BigInteger),
    Column("missing_since", BigInteger),
    Column("deleted_at", BigInteger),
    required("raw"),
    Column("last_raw", Text),
    Index("uq_events_projection_id_event_id", "projection_id", "event_id", unique=True),
    Index("ix_events_projection_id_start_at", "projection_id", "start_at"),
    Index(
        "ix_events_projection_id_series_id",
        "projection_id",
        "series_id",
        sqlite_where=text("series_id IS NOT NULL"),
        postgresql_where=text("series_id IS NOT NULL"),
    ),
    Index(
        "ix_events_projection_id_start_date",
        "projection_id",
        "start_date",
        sqlite_where=text("start_date IS NOT NULL"),
        postgresql_where=text("start_date IS NOT NULL"),
    ),
    Index(
        "ix_events_projection_id_masters",
        "projection_id",
        sqlite_where=text("recurring = 1"),
        postgresql_where=text("recurring"),
    ),
)

# Numbered per user inside the page's transaction, so that number order is commit order.
changes = Table(
    "changes",
    metadata,
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    required("calendar_id"),
    Column("event_id", Text),
    required("kind"),
    required("at", BigInteger),
    Column("moved", Boolean, nullable=False, server_default=text("false")),
    sqlite_with_rowid=False,
)

channels = Table(
    "channels",
    metadata,
    Column("id", Text, primary_key=True),
    required("user_id", BigInteger),
    required("account_id"),
    required("resource"),
    required("state"),
    required("token_hash", LargeBinary),
    Column("resource_id", Text),
    Column("resource_uri", Text),
    Column("expires_at", BigInteger),
    required("created_at", BigInteger),
    Column("renew_at", BigInteger),
    Column("last_push_at", BigInteger),
    counter("pushes"),
    counter("stop_attempts"),
    Index("ix_channels_resource", "resource"),
    Index("ix_channels_state_renew_at", "state", "renew_at"),
    Index("ix_channels_state_expires_at", "state", "expires_at"),
    Index("ix_channels_account_id", "account_id"),
)

sync_requests = Table(
    "sync_requests",
    metadata,
    Column("id", Text, primary_key=True),
    required("user_id", BigInteger),
    required("calendars"),
    required("head", BigInteger),
    required("accepted_at", BigInteger),
    required("deadline_at", BigInteger),
    Column("completed_at", BigInteger),
    Index("ix_sync_requests_accepted_at", "accepted_at"),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", RowId, primary_key=True),
    required("user_id", BigInteger),
    required("calendar_id"),
    required("projection_id", BigInteger),
    Column("event_id", Text),
    required("raw", LargeBinary),
    required("reason"),
    required("version"),
    required("seen_at", BigInteger),
    required("generation", BigInteger),
    Index("ix_quarantine_projection_id_event_id", "projection_id", "event_id"),
    Index("ix_quarantine_calendar_id", "calendar_id"),
)

# One edit by our side. Those of one line, which is an event or a series, are sent in the order of their numbers.
# `changes` is the event to insert, or what is to change in `base_raw`; `done_mark` is the dirty
# number that a pass must have read for the rows to say what `answer` says, and NULL once one has.
intents = Table(
    "intents",
    metadata,
    Column("number", RowId, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    required("user_id", BigInteger),
    required("account_id"),
    required("calendar_id"),
    required("event_id"),
    required("line_id"),
    required("kind"),
    Column("changes", Text),
    Column("base_raw", Text),
    Column("base_etag", Text),
    required("send_updates"),
    required("on_conflict"),
    Column("after_id", Text),
    Column("idempotency_key", Text),
    Column("request_hash", LargeBinary),
    required("status"),
    counter("attempts"),
    Column("uncertain", Boolean, nullable=False, server_default=text("false")),
    Column("next_try_at", BigInteger),
    Column("error_code", Text),
    Column("error_reason", Text),
    Column("error_message", Text),
    Column("answer", Text),
    Column("done_mark", BigInteger),
    Column("lease_owner", Text),
    Column("lease_until", BigInteger),
    Column("lease_boot", Text),
    counter("fence"),
    required("created_at", BigInteger),
    Column("settled_at", BigInteger),
    UniqueConstraint("user_id", "idempotency_key"),
    Index("ix_intents_calendar_id", "calendar_id"),
    Index("ix_intents_settled_at", "settled_at"),
    Index("ix_intents_unsettled", "calendar_id", sqlite_where=UNSETTLED, postgresql_where=UNSETTLED),
    Index("ix_intents_next_try_at", "next_try_at", sqlite_where=PENDING, postgresql_where=PENDING),
)

conflicts = Table(
    "conflicts",
    metadata,
    Column("id", Text, primary_key=True),
    required("user_id", BigInteger),
    required("calendar_id"),
    required("event_id"),
    required("intent_id"),
    required("reason"),
    required("fields"),
    Column("base", Text),
    Column("ours", Text),
    Column("theirs", Text),
    required("outcome"),
    required("created_at", BigInteger),
    Column("resolved_at", BigInteger),
    Index("ix_conflicts_user_id", "user_id"),
    Index("ix_conflicts_calendar_id", "calendar_id"),
)

calendar_feeds = Table(
    "calendar_feeds",
    metadata,
    Column("id", Text, primary_key=True),
    required("user_id", BigInteger),
    Column("calendar_id", Text),
    required("name"),
    Column("secret_hash", LargeBinary, nullable=False, unique=True),
    required("created_at", BigInteger),
    Column("last_used_at", BigInteger),
    Index("ix_calendar_feeds_user_id", "user_id"),
    Index("ix_calendar_feeds_calendar_id", "calendar_id"),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", Text, primary_key=True),
    required("user_id", BigInteger),
    required("url"),
    required("name"),
    required("kinds"),
    required("status"),
    required("position", BigInteger),
    counter("failures"),
    Column("next_try_at", BigInteger),
    Column("last_success_at", BigInteger),
    Column("last_error", Text),
    Column("lease_owner", Text),
    Column("lease_until", BigInteger),
    Column("lease_boot", Text),
    counter("fence"),
    required("created_at", BigInteger),
    Index("ix_subscriptions_user_id", "user_id"),
)

subscription_secrets = Table(
    "subscription_secrets",
    metadata,
    Column("id", Text, primary_key=True),
    required("user_id", BigInteger),
    required("subscription_id"),
    required("secret", LargeBinary),
    required("created_at", BigInteger),
    Column("expires_at", BigInteger),
    Index("ix_subscription_secrets_subscription_id", "subscription_id"),
)

# `line`: deliveries of one line keep their order. `lasting`: what it tells of still holds, so it is not told again.
deliveries = Table(
    "deliveries",
    metadata,
    Column("number", RowId, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    required("user_id", BigInteger),
    required("subscription_id"),
    required("kind"),
    required("line"),
    Column("change_id", BigInteger),
    Column("account_id", Text),
    Column("calendar_id", Text),
    Column("event_id", Text),
    Column("lasting", Boolean, nullable=False, server_default=text("false")),
    required("status"),
    counter("attempts"),
    Column("first_try_at", BigInteger),
    Column("next_try_at", BigInteger),
    Column("answer", BigInteger),
    Column("error", Text),
    required("at", BigInteger),
    Column("settled_at", BigInteger),
    Index("ix_deliveries_subscription_id", "subscription_id", "number"),
    Index("ix_deliveries_calendar_id", "calendar_id"),
    Index("ix_deliveries_settled_at", "settled_at"),
    Index(
        "ix_deliveries_pending",
        "subscription_id",
        "line",
        "number",
        sqlite_where=PENDING,
        postgresql_where=PENDING,
    ),
)

# `user_id` may name somebody who has been erased: it leads to nothing any more.
audit = Table(
    "audit",
    metadata,
    Column("id", RowId, primary_key=True),
    required("at", BigInteger),
    required("action"),
    Column("user_id", BigInteger),
    Column("subject", Text),
    Column("details", Text),
    Index("ix_audit_at", "at"),
    Index("ix_audit_user_id", "user_id"),
)

# What has been reserved of a quota, by seconds since 1970; those of a day stand at the second in which it began.
quota_spent = Table(
    "quota_spent",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("second", BigInteger, primary_key=True, autoincrement=False),
    required("units", BigInteger),
)
