/** Why a calendar is, or is not, up to date: in one sentence, and in facts. */

import { said } from "./times.js";

const ENGINE = {
  not_selected: "Not copied.",
  halted: "Paused: what was copied stays readable, and Google is asked nothing.",
  blocked: "Waiting: Google asks for consent again.",
  never_synced: "Waiting for its first sync.",
  syncing: "Syncing now.",
};
const ACCOUNT = {
  needs_reauth: "Not syncing: Google no longer accepts the grant of its account. Reconnect it above.",
  calendar_disabled: "Not syncing: its account has no Google Calendar.",
  paused: "Not syncing: its account is paused.",
};
const TONES = { ok: "good", syncing: "busy", never_synced: "busy", not_selected: "idle", halted: "idle", paused: "idle" };

/** `{tone, text}`; `tone` is `good`, `busy`, `idle` or `bad`. */
export function verdictOn(status) {
  const tone = TONES[status.health] ?? "bad";
  if (!status.selected) return { tone: "idle", text: ENGINE.not_selected };
  if (status.health === "failing") return { tone, text: failureOf(status) };
  if (status.health !== "ok") return { tone, text: ACCOUNT[status.health] ?? ENGINE[status.health] ?? status.health };
  if (status.up_to_date) return { tone, text: "Up to date." };
  return { tone: "busy", text: "Something has changed at Google; it is being fetched." };
}

function failureOf({ last_error, last_attempt_at, next_due_at, not_before }) {
  const next = [next_due_at, not_before].filter(Boolean).sort().at(-1);
  const again = next ? ` Next attempt: ${said(next)}.` : "";
  return `The attempt at ${said(last_attempt_at)} failed: ${last_error?.message ?? "no reason is known"}${again}`;
}

/** `[name, text]` pairs. */
export function factsOf(status, calendar) {
  return [
    ["Last synced", said(status.last_synced_at)],
    ["Last attempt", attemptOf(status)],
    ["Everything listed", said(status.last_full_sync_at)],
    ["Asked again", status.next_due_at ? `at ${said(status.next_due_at)} at the latest` : "not planned"],
    ["Notifications", pushOf(status)],
    ["Edits on their way", status.pending_intents],
    ["Compared with Google", comparisonOf(status)],
    ["Mirrored as", calendar.mode === "series" ? "series with exceptions" : "single instances"],
    ...(status.missing ? [["Not seen in the last listing", `${status.missing}; they stay until another listing agrees`]] : []),
    ...(status.quarantined ? [["Set aside", `${status.quarantined} that could not be read`]] : []),
  ];
}

function attemptOf({ last_attempt_at, last_error, failures }) {
  if (!last_attempt_at) return "never";
  if (!last_error) return `${said(last_attempt_at)}, successful`;
  return `${said(last_attempt_at)}, failed${failures > 1 ? ` (${failures} times in a row)` : ""}: ${last_error.message}`;
}

function pushOf({ channel, push }) {
  if (push === "unsupported") return "Google cannot notify of this calendar: it is polled";
  if (!channel) return "none: it is polled";
  const heard = channel.last_push_at ? `, ${channel.pushes} so far, the last at ${said(channel.last_push_at)}` : "";
  return `${channel.state} until ${said(channel.expires_at)}${heard}`;
}

function comparisonOf({ verified_at, verified_differences }) {
  if (!verified_at) return "not yet";
  return `${said(verified_at)}: ${verified_differences ? `${verified_differences} differed and were listed anew` : "equal"}`;
}
