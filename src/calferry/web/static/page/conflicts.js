/** Edits that met others at Google, and what shall become of them. */

import { get } from "./api.js";
import { byId, copyOf, make, part } from "./elements.js";
import { fieldName, resolveConflict } from "./event_edits.js";
import { titleOf } from "./event_view.js";
import { keepLooking, look } from "./shell.js";
import { said, saidPlace, viewerZone } from "./times.js";

const cards = new Map();
const show = keepLooking(read);

async function read() {
  const [{ conflicts }, { calendars }] = await Promise.all([look(), get("/calendar/calendars")]);
  const names = new Map(calendars.map(({ id, summary }) => [id, summary]));
  for (const conflict of conflicts) {
    if (!cards.has(conflict.id)) cards.set(conflict.id, newCard(conflict, names.get(conflict.calendar_id)));
  }
  const open = new Set(conflicts.map(({ id }) => id));
  for (const [id, card] of cards) {
    if (!open.has(id)) card.remove();
  }
  byId("no-conflicts").hidden = conflicts.length > 0;
  byId("conflicts").removeAttribute("aria-busy");
}

function newCard(conflict, calendar) {
  const { base, ours, theirs, reason, fields, created_at } = conflict;
  const isDeleted = reason === "deleted";
  const card = copyOf("conflict", {
    title: titleOf(theirs ?? base ?? {}),
    where: `${calendar ?? ""}, ${said(created_at)}`,
    what: isDeleted ? "It was deleted at Google; it is not brought back." : saysWhat(ours),
  });
  part(card, "fields").append(...fieldsShown(fields, ours).map((field) => rowOf(field, base, ours, theirs)));
  part(card, "ours").hidden = isDeleted;
  for (const keep of ["ours", "theirs"]) {
    part(card, keep).addEventListener("click", () => resolveConflict(conflict.id, keep).then(show));
  }
  byId("conflicts").append(card);
  return card;
}

const saysWhat = (ours) => (ours ? "Both sides changed the same." : "You deleted it, while somebody else changed it.");
const fieldsShown = (fields, ours) => (fields.length ? fields : Object.keys(ours ?? {}));

function rowOf(field, base, ours, theirs) {
  const cells = [base, ours && { ...base, ...ours }, theirs].map((version) => make("td", { text: valueOf(version, field) }));
  return make("tr", {}, make("th", { scope: "row", text: fieldName(field) }), ...cells);
}

function valueOf(version, field) {
  if (!version) return "deleted";
  const value = version[field];
  if (value === undefined || value === null) return "–";
  if (field === "start" || field === "end") return saidPlace(value, viewerZone);
  return typeof value === "string" ? value : JSON.stringify(value);
}

await show();
