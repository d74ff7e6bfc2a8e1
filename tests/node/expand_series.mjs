// Expands the events of iCalendar files with ical.js.
//
// Usage: node expand_series.mjs LIBRARY < QUESTION
//   LIBRARY   the path of ical.js
//   QUESTION  JSON: {"from", "to": unix seconds, "zones": {TZID: VTIMEZONE text}, "files": [{"path", "zone"}]}
// Prints one list per file, of every instance that overlaps the window:
//   [UID, original start, start, end], as unix seconds or, where a whole day is meant, as YYYY-MM-DD.
//
// A zone of the question stands in for the definition that a file may carry; floating times are times of
// the file's "zone".
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const { default: ICAL } = await import(pathToFileURL(resolve(process.argv[2])).href);
const question = JSON.parse(readFileSync(0, "utf8"));
const zones = new Map();
for (const [tzid, text] of Object.entries(question.zones)) {
  const zone = new ICAL.Timezone({ component: new ICAL.Component(ICAL.parse(text)), tzid });
  ICAL.TimezoneService.register(zone, tzid);
  zones.set(tzid, zone);
}

const stamp = (time) => (time.isDate ? time.toString() : time.toUnixTime());

// A day is compared with the window as midnight of the file's zone.
const instant = (time, zone) =>
  time.isDate ? new ICAL.Time({ year: time.year, month: time.month, day: time.day }, zone).toUnixTime() : time.toUnixTime();

function calendar(path, zone) {
  const root = new ICAL.Component(ICAL.parse(readFileSync(path, "utf8")));
  for (const definition of root.getAllSubcomponents("vtimezone")) {
    if (zones.has(definition.getFirstPropertyValue("tzid"))) root.removeSubcomponent(definition);
  }
  const events = root.getAllSubcomponents("vevent");
  for (const event of events) {
    for (const name of ["dtstart", "dtend", "recurrence-id", "exdate", "rdate"]) {
      for (const property of event.getAllProperties(name)) {
        for (const time of property.getValues()) {
          if (!time.isDate && time.zone === ICAL.Timezone.localTimezone) time.zone = zone;
        }
      }
    }
  }
  return events;
}

function related(events) {
  const masters = events.filter((event) => !event.hasProperty("recurrence-id"));
  const exceptions = events.filter((event) => event.hasProperty("recurrence-id"));
  const seen = new Set();
  return masters.map((master) => {
    const uid = master.getFirstPropertyValue("uid");
    const own = seen.has(uid) ? [] : exceptions.filter((one) => one.getFirstPropertyValue("uid") === uid);
    seen.add(uid);
    return new ICAL.Event(master, { exceptions: own.map((one) => inZoneOf(one, master)) });
  });
}

// ical.js knows an exception by the text of its RECURRENCE-ID, which may be in another zone than the series.
function inZoneOf(exception, master) {
  const start = master.getFirstPropertyValue("dtstart");
  const id = exception.getFirstProperty("recurrence-id");
  const time = id.getFirstValue();
  if (start.isDate && !time.isDate) id.setValue(ICAL.Time.fromDateString(time.toString().slice(0, 10)));
  if (!start.isDate && !time.isDate) id.setValue(time.convertToZone(start.zone));
  return exception;
}

function* instances(event, until) {
  if (!event.isRecurring()) {
    yield { recurrenceId: event.startDate, startDate: event.startDate, endDate: event.endDate, item: event };
    return;
  }
  const iterator = event.iterator();
  for (let next = iterator.next(); next && instant(next, until.zone) < until.at; next = iterator.next()) {
    yield event.getOccurrenceDetails(next);
  }
}

function expanded({ path, zone: tzid }) {
  const zone = zones.get(tzid);
  const found = [];
  for (const event of related(calendar(path, zone))) {
    const moved = Object.values(event.exceptions).map((one) => instant(one.recurrenceId, zone) + 1);
    for (const one of instances(event, { at: Math.max(question.to, ...moved), zone })) {
      if (one.item.component.getFirstPropertyValue("status") === "CANCELLED") continue;
      if (instant(one.startDate, zone) >= question.to || instant(one.endDate, zone) <= question.from) continue;
      found.push([event.uid, stamp(one.recurrenceId), stamp(one.startDate), stamp(one.endDate)]);
    }
  }
  return found;
}

console.log(JSON.stringify(question.files.map(expanded)));
