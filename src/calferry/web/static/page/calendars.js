/** Which calendars are mirrored, how far each has come, and why one is not up to date. */

import { ask, get } from "./api.js";
import { colored } from "./calendar_colors.js";
import { byId, copyOf, fill, make, part } from "./elements.js";
import { mayWrite } from "./event_view.js";
import { factsOf, verdictOn } from "./health.js";
import { attempt, tell } from "./notices.js";
import { keepLooking, look } from "./shell.js";
import { syncRound } from "./sync_round.js";
import { said } from "./times.js";

const GATHERED_MS = 700;
const rows = new Map();
const wanted = new Set();
let inRound = new Set();
let isSyncing = false;
const show = keepLooking(read);

async function read() {
  const [{ accounts }, list, statuses] = await Promise.all([look(), get("/calendar/calendars"), get("/calendar/sync-status")]);
  const calendars = colored(list.calendars);
  const statusOf = new Map(statuses.calendars.map((status) => [status.calendar_id, status]));
  for (const account of accounts) showAccount(account);
  for (const calendar of calendars) showCalendar(calendar, statusOf.get(calendar.id));
  dropGone(new Set([...accounts, ...calendars].map(({ id }) => id)));
  const selected = calendars.filter(({ selected }) => selected);
  byId("sync-all").hidden = selected.length === 0;
  byId("invitation").hidden = selected.length > 0;
  byId("accounts").removeAttribute("aria-busy");
  return [...rows.values()].some((row) => row.dataset.tone === "busy");
}

function showAccount(account) {
  if (rows.has(account.id)) return;
  const section = copyOf("account", { email: account.email });
  part(section, "refresh").addEventListener("click", () => refreshList(account));
  byId("accounts").append(section);
  rows.set(account.id, section);
}

function refreshList(account) {
  return attempt("The list was not read", async () => {
    const { body } = await ask("POST", `/calendar/accounts/${encodeURIComponent(account.id)}/refresh-calendars`);
    tell(`The list of ${account.email} was read: ${body.added} new, ${body.removed} gone.`);
    await show();
  });
}

function showCalendar(calendar, status) {
  if (!rows.has(calendar.id)) rows.set(calendar.id, newRow(calendar));
  const row = rows.get(calendar.id);
  const { tone, text } = verdictOn(status);
  row.dataset.tone = tone;
  part(row, "pick").checked = calendar.selected || wanted.has(calendar.id) || inRound.has(calendar.id);
  part(row, "sync").hidden = part(row, "pause").hidden = !calendar.selected;
  part(row, "sync").disabled = calendar.paused;
  part(row, "facts").hidden = !calendar.selected;
  part(row, "dot").style.backgroundColor = calendar.color;
  part(row, "locked").hidden = mayWrite(calendar);
  part(row, "primary").hidden = !calendar.primary;
  part(row, "sync").ariaLabel = `Sync now: ${calendar.summary}`;
  part(row, "pause").ariaLabel = `${calendar.paused ? "Resume" : "Pause"}: ${calendar.summary}`;
  row.paused = calendar.paused;
  fill(row, {
    summary: calendar.summary,
    pause: calendar.paused ? "Resume" : "Pause",
    verdict: text,
    synced: calendar.selected ? `Last synced: ${said(status.last_synced_at)}.` : "",
    why: tone === "bad" ? "Why is it not syncing?" : "Health",
  });
  part(row, "list").replaceChildren(
    ...factsOf(status, calendar).flatMap(([name, fact]) => [make("dt", { text: name }), make("dd", { text: fact })]),
  );
}

function newRow(calendar) {
  const row = copyOf("calendar");
  part(row, "bar").setAttribute("aria-label", `Progress of ${calendar.summary}`);
  part(row, "pick").addEventListener("change", ({ target }) => select(calendar.id, target.checked));
  part(row, "sync").addEventListener("click", () => sync([calendar.id]));
  part(row, "pause").addEventListener("click", () => change(calendar.id, { paused: !row.paused }));
  part(rows.get(calendar.account_id), "calendars").append(row);
  return row;
}

function dropGone(known) {
  for (const [id, element] of rows) {
    if (known.has(id)) continue;
    element.remove();
    rows.delete(id);
  }
}

const change = (calendarId, body) =>
  attempt("Not changed", () => ask("PATCH", `/calendar/calendars/${encodeURIComponent(calendarId)}`, { body })).then(show);

/** To sync a calendar is to select it. */
const select = (calendarId, selected) => (selected ? sync([calendarId]) : change(calendarId, { selected }));

/** Rounds follow one another, a few seconds apart: what is ticked in one go is synced in one round, and what is asked for
 * during a round by the next. */
async function sync(calendarIds) {
  for (const id of calendarIds) {
    wanted.add(id);
    showProgress(id, { word: "waiting", pages: 0, events: 0 });
  }
  if (isSyncing) return;
  isSyncing = true;
  const outcome = { calendars: 0, events: 0 };
  while (wanted.size) {
    await new Promise((resolve) => setTimeout(resolve, GATHERED_MS));
    inRound = new Set(wanted);
    wanted.clear();
    await attempt("Not synced", () => syncRound([...inRound], showProgress));
    for (const id of inRound) count(rows.get(id), outcome);
    await show();
  }
  inRound = new Set();
  isSyncing = false;
  tellFinished(outcome);
}

function count(row, outcome) {
  const { word, events = 0 } = row?.state ?? {};
  if (word === "done") Object.assign(outcome, { calendars: outcome.calendars + 1, events: outcome.events + events });
  else if (row) part(row, "progress").hidden = word !== "failed";
}

function tellFinished({ calendars, events }) {
  if (!calendars) return;
  byId("finished").hidden = false;
  byId("finished-text").textContent = `Done: ${plural(calendars, "calendar")} synced, ${plural(events, "event")} fetched.`;
}

const plural = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

/** Google does not say how much there is: a bar moves as long as something comes, and is full when everything is here. */
function showProgress(calendarId, state) {
  const row = rows.get(calendarId);
  if (!row) return;
  row.state = { ...state };
  const bar = part(row, "bar");
  part(row, "progress").hidden = false;
  part(row, "progress").dataset.word = state.word;
  if (state.word === "waiting") bar.removeAttribute("value");
  else bar.value = state.word === "working" ? 1 - 1 / (1.2 + state.pages / 2 + state.events / 500) : Number(state.word === "done");
  fill(row, { progress: progressOf(state) });
}

function progressOf({ word, events, error }) {
  if (word === "waiting") return "Waiting for Google…";
  if (word === "working") return events ? `${plural(events, "event")} so far` : "Reading…";
  return word === "done" ? `Done, ${plural(events, "event")}` : `Failed: ${error}`;
}

byId("sync-all").addEventListener("click", () =>
  sync([...rows].filter(([, row]) => part(row, "pick")?.checked && !row.paused).map(([id]) => id)),
);

await show();
