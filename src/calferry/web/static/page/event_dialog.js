/** The form in which events are made, changed and deleted: all that dragging does, and more, by keyboard. */

import { eventPath, ask } from "./api.js";
import { byId, make } from "./elements.js";
import { deleteEvent, insertEvent, patchEvent, tellDone, tellUndone } from "./event_edits.js";
import { mayWrite, titleOf } from "./event_view.js";
import { tellRefusal } from "./notices.js";
import { addDays, instantOf, saidPlace, wallIn } from "./times.js";

const dialog = byId("event-dialog");
const form = byId("event-form");
const field = form.elements;
const HOUR_MS = 3_600_000;
const TEXTS = ["summary", "location", "description"];

/** What the form was opened for; `item` is null for a new event. */
let opened = null;
let formerStart = "";

/** `span` is what was selected in the view, or null. */
export function openNew(span, desk) {
  const zone = desk.zone();
  const values = { summary: "", location: "", description: "", zone, ...(span ? selected(span, zone) : nextHour(zone)) };
  show({ desk, item: null, etag: null, key: newKey(), values }, "New event");
}

export async function openEvent(shown, desk) {
  try {
    const { body: item, etag } = await ask("GET", eventPath(shown.calendar_id, shown.id));
    show({ desk, item, etag, values: valuesOf(item, desk) }, mayEdit(item, desk) ? "Edit event" : "Event");
  } catch (error) {
    tellRefusal(`“${titleOf(shown)}” cannot be opened`, error);
    desk.refresh();
  }
}

const mayEdit = (item, desk) => mayWrite(desk.calendars.get(item.calendar_id)) && item.locked !== true;

function nextHour(zone) {
  const begin = Math.ceil((Date.now() + 1) / HOUR_MS) * HOUR_MS;
  return { allDay: false, start: wallIn(begin, zone), end: wallIn(begin + HOUR_MS, zone) };
}

function selected({ allDay, startStr, endStr }, zone) {
  if (allDay) return { allDay, start: startStr, end: addDays(endStr, -1) };
  return { allDay, start: wallIn(startStr, zone), end: wallIn(endStr, zone) };
}

/** An event is shown on the clocks of its own zone, so that saving it never moves it to another one unasked. */
function valuesOf(item, desk) {
  const { time_zone } = desk.calendars.get(item.calendar_id);
  const texts = Object.fromEntries(TEXTS.map((name) => [name, item[name] ?? ""]));
  const zone = item.start.timeZone ?? time_zone ?? desk.zone();
  const last = item.end ?? item.start;
  if (item.start.date) {
    return { ...texts, zone, allDay: true, start: item.start.date, end: item.end ? addDays(last.date, -1) : last.date };
  }
  const [start, end] = [item.start, last].map((place) => wallIn(instantOf(place, zone), zone));
  return { ...texts, zone, allDay: false, start, end };
}

function show(what, heading) {
  opened = what;
  const { desk, item, values } = what;
  form.reset();
  byId("event-heading").textContent = heading;
  byId("event-error").textContent = "";
  fillChoices(desk, item, values);
  for (const name of TEXTS) field[name].value = values[name];
  field.all_day.checked = values.allDay;
  setPlaces(values.allDay, values.start, values.end);
  const isSeries = Boolean(item?.recurringEventId);
  const isLocked = Boolean(item) && !mayEdit(item, desk);
  byId("event-scope").hidden = !isSeries || isLocked;
  byId("event-repeat").hidden = Boolean(item);
  byId("event-fields").disabled = isLocked;
  byId("event-save").hidden = isLocked;
  byId("event-locked").hidden = !isLocked;
  byId("event-delete").hidden = !item || isLocked;
  resetDelete();
  showGuests(item, isLocked);
  byId("event-elsewhere").textContent = elsewhere(item, values.zone, desk.zone());
  dialog.showModal();
}

function fillChoices(desk, item, { zone }) {
  const own = item ? [desk.calendars.get(item.calendar_id)] : [...desk.calendars.values()].filter(mayWrite);
  field.calendar.replaceChildren(...own.map(({ id, summary }) => make("option", { value: id, text: summary })));
  field.calendar.disabled = Boolean(item);
  const zones = [...new Set([zone, ...desk.zones()])];
  field.zone.replaceChildren(...zones.map((name) => make("option", { value: name, text: name })));
}

function setPlaces(allDay, start, end) {
  for (const [name, value] of [["start", start], ["end", end]]) {
    field[name].type = allDay ? "date" : "datetime-local";
    field[name].value = value;
  }
  formerStart = start;
  byId("event-zone").hidden = allDay;
}

/** When the event is on the reader's clocks, where these are others. */
function elsewhere(item, zone, readerZone) {
  if (!item?.start.dateTime || zone === readerZone) return "";
  return `${saidPlace(item.start, readerZone)} – ${saidPlace(item.end, readerZone)} in ${readerZone}`;
}

function showGuests(item, isLocked) {
  const guests = item?.attendees ?? [];
  const said = guests.map(({ email, displayName, responseStatus }) => `${displayName ?? email} (${responseStatus ?? "needsAction"})`);
  byId("event-guests").textContent = guests.length ? `Guests: ${said.join(", ")}` : "";
  byId("event-mail").hidden = !guests.length || isLocked;
}

field.all_day.addEventListener("change", ({ target }) => {
  const [start, end] = [field.start.value, field.end.value].map((value) => value.slice(0, 10));
  if (target.checked) setPlaces(true, start, end);
  else setPlaces(false, `${start}T09:00`, `${end}T10:00`);
});

/** The end goes along with the start, as far as the start was moved. */
field.start.addEventListener("change", () => {
  const movedBy = asUtc(field.start.value) - asUtc(formerStart);
  const end = asUtc(field.end.value) + movedBy;
  if (!Number.isNaN(end)) field.end.value = new Date(end).toISOString().slice(0, field.end.value.length);
  formerStart = field.start.value;
});

const asUtc = (value) => Date.parse(value.length > 10 ? `${value}Z` : value);

function read() {
  const allDay = field.all_day.checked;
  const texts = Object.fromEntries(TEXTS.map((name) => [name, field[name].value]));
  return { ...texts, allDay, start: field.start.value, end: field.end.value, zone: field.zone.value };
}

function placesOf({ allDay, start, end, zone }) {
  if (allDay) return { start: { date: start }, end: { date: addDays(end, 1) } };
  return { start: { dateTime: `${start}:00`, timeZone: zone }, end: { dateTime: `${end}:00`, timeZone: zone } };
}

/** What the form says that the event does not. */
function changesOf(values, before) {
  const texts = TEXTS.filter((name) => values[name] !== before[name]).map((name) => [name, values[name] || null]);
  const isMoved = ["allDay", "start", "end", "zone"].some((name) => values[name] !== before[name]);
  const other = values.allDay ? { dateTime: null, timeZone: null } : { date: null };
  const places = Object.entries(isMoved ? placesOf(values) : {}).map(([name, place]) => [name, { ...other, ...place }]);
  return Object.fromEntries([...texts, ...places]);
}

function newBody(values) {
  const texts = TEXTS.filter((name) => values[name]).map((name) => [name, values[name]]);
  const repeat = field.repeat.value ? { recurrence: [`RRULE:FREQ=${field.repeat.value}`] } : {};
  return { ...Object.fromEntries(texts), ...placesOf(values), ...repeat };
}

const options = () => ({ scope: opened.item?.recurringEventId ? field.scope.value : "this", mail: field.mail.checked, etag: opened.etag });

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const values = read();
  field.end.setCustomValidity(values.end < values.start ? "The end is before the start." : "");
  if (!form.reportValidity()) return;
  const { item } = opened;
  if (!item) return run("Made", values.summary, () => insertEvent(field.calendar.value, newBody(values), { key: opened.key, mail: false }));
  const changes = changesOf(values, opened.values);
  if (!Object.keys(changes).length) return dialog.close();
  run("Saved", titleOf(item), () => patchEvent(item, changes, options()));
});
field.end.addEventListener("input", () => field.end.setCustomValidity(""));

byId("event-delete").addEventListener("click", ({ target }) => {
  if (target.dataset.armed) return run("Deleted", titleOf(opened.item), () => deleteEvent(opened.item, options()));
  target.dataset.armed = "yes";
  target.textContent = "Really delete";
  byId("event-error").textContent = "Press again to delete it, at Google too.";
});

function resetDelete() {
  delete byId("event-delete").dataset.armed;
  byId("event-delete").textContent = "Delete";
}

byId("event-close").addEventListener("click", () => dialog.close());

/** Sends an edit. What can be mended in the form is said in the form; a conflict is said where it can be decided. */
async function run(done, title, work) {
  const { desk } = opened;
  byId("event-error").textContent = "";
  form.setAttribute("aria-busy", "true");
  try {
    const answer = await desk.during(work);
    dialog.close();
    tellDone(`${done} “${title || "(no title)"}”`, answer);
  } catch (error) {
    const isOver = ["conflict", "precondition_failed", "not_found"].includes(error.problem?.code);
    if (isOver) {
      dialog.close();
      tellUndone(title, error, desk.refresh);
    } else {
      byId("event-error").textContent = error.message;
      resetDelete();
    }
  }
  form.removeAttribute("aria-busy");
  desk.refresh();
}

/** One key for each new event, so that saving it again after a broken connection makes it once. */
const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
