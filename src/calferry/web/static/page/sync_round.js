/** One round of syncing, followed on the public stream `GET /calendar/sync`. */

import { follow } from "./stream.js";

const CALENDARS_MAX = 20;

/** `onChange(calendarId, state)` hears how far each has come: `state` is `{word, pages, events, error}`, its `word` one of
 * `waiting`, `working`, `done` and `failed`. Throws `Refused`. */
export async function syncRound(calendarIds, onChange) {
  for (let at = 0; at < calendarIds.length; at += CALENDARS_MAX) {
    await syncSome(calendarIds.slice(at, at + CALENDARS_MAX), onChange);
  }
}

async function syncSome(calendarIds, onChange) {
  const states = new Map(calendarIds.map((id) => [id, { word: "waiting", pages: 0, events: 0, error: null }]));
  const change = (id, changes) => onChange(id, Object.assign(states.get(id), changes));
  for (const id of calendarIds) change(id, {});
  await follow(`/calendar/sync?${new URLSearchParams({ calendar_ids: calendarIds })}`, ({ event, body }) => {
    if (event === "progress") {
      for (const { calendar_id: id, state, pages } of body.calendars) {
        if (state === "working") change(id, { word: "working", pages });
      }
    } else if (event === "events") {
      const { word, events } = states.get(body.calendar_id);
      change(body.calendar_id, { word: word === "waiting" ? "working" : word, events: events + body.events.length });
    } else if (event === "sync_token") {
      change(body.calendar_id, { word: "done" });
    } else if (event === "sync_error") {
      const failed = body.calendar_id ? [body.calendar_id] : unfinished(states);
      for (const id of failed) change(id, { word: "failed", error: body.message });
      return !body.calendar_id;
    }
    return event === "complete";
  });
}

const unfinished = (states) => [...states].filter(([, { word }]) => !["done", "failed"].includes(word)).map(([id]) => id);
