/** Edits of events: what they answer, and what people are told of it. */

import { ask, eventPath } from "./api.js";
import { attempt, tell } from "./notices.js";

const FIELDS = { summary: "title", start: "start", end: "end", recurrence: "repetition", location: "place", description: "notes" };

/** Google's name of a field, for people. */
export const fieldName = (field) => FIELDS[field] ?? field;

const queryOf = ({ scope, mail }) => ({ scope: scope ?? "this", sendUpdates: mail ? "all" : "none" });
const matching = (etag) => (etag ? { "If-Match": etag } : {});

export function insertEvent(calendarId, body, { key, mail }) {
  const query = { sendUpdates: mail ? "all" : "none" };
  return ask("POST", eventPath(calendarId), { query, body, headers: { "Idempotency-Key": key } });
}

export function patchEvent(item, body, options = {}) {
  const address = eventPath(item.calendar_id, item.id);
  return ask("PATCH", address, { query: queryOf(options), body, headers: matching(options.etag) });
}

export function deleteEvent(item, options = {}) {
  return ask("DELETE", eventPath(item.calendar_id, item.id), { query: queryOf(options), headers: matching(options.etag) });
}

/** Says how an accepted edit stands: `done` where Google has it, more where it is on its way. */
export function tellDone(done, answer, actions = []) {
  if (answer.status !== 202) return tell(`${done}.`, { actions });
  return tell(`${done}. Google cannot be reached at the moment: it will be told as soon as it can be.`);
}

/** Says why an edit was undone; a conflict can be decided right there. `after` is called when it was. */
export function tellUndone(title, error, after) {
  const { code, conflict_id, fields = [] } = error.problem ?? {};
  if (code === "precondition_failed") {
    tell(`“${title}” has changed meanwhile. Your change was undone: look at it again.`, { trouble: true });
  } else if (code === "conflict") {
    const named = fields.length ? `the ${fields.map(fieldName).join(" and ")}` : "the event";
    const resolve = (keep) => () => resolveConflict(conflict_id, keep).then(after);
    tell(`Conflict: somebody else has changed ${named} of “${title}” at Google. Your change was undone.`, {
      trouble: true,
      actions: [["Use mine", resolve("ours")], ["Keep theirs", resolve("theirs")], ["Compare", () => location.assign("/conflicts")]],
    });
  } else {
    tell(`“${title}” stays as it was: ${error.message}`, { trouble: true });
  }
}

export function resolveConflict(conflictId, keep) {
  return attempt("Not decided", async () => {
    await ask("POST", `/calendar/conflicts/${encodeURIComponent(conflictId)}/resolve`, { body: { keep } });
    tell(keep === "ours" ? "Your change was made at Google." : "Google's version stays.");
  });
}
