// Expands every event of iCalendar files with ical.js.
//
// Usage: node expand_series.mjs LIBRARY UNTIL FILE...
//   LIBRARY   the path of ical.js
//   UNTIL     YYYY-MM-DD; series are followed up to this day
// Prints, as JSON, one list per file of [UID, original start, start, end, original start as its zone's clocks show
// it]. Times are unix seconds, days are YYYY-MM-DD, and times that name no zone YYYY-MM-DDTHH:MM:SS.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [library, until, ...files] = process.argv.slice(2);
const { default: ICAL } = await import(pathToFileURL(resolve(library)).href);

function stamp(time) {
  const isFloating = !time.isDate && time.zone === ICAL.Timezone.localTimezone;
  return time.isDate || isFloating ? time.toString() : time.toUnixTime();
}

function* events(root) {
  const masters = root.getAllSubcomponents("vevent").filter((one) => !one.hasProperty("recurrence-id"));
  const exceptions = root.getAllSubcomponents("vevent").filter((one) => one.hasProperty("recurrence-id"));
  const claimed = new Set();
  for (const master of masters) {
    const uid = master.getFirstPropertyValue("uid");
    const own = claimed.has(uid) ? [] : exceptions.filter((one) => one.getFirstPropertyValue("uid") === uid);
    claimed.add(uid);
    yield new ICAL.Event(master, { exceptions: own.map((one) => likened(one, master)) });
  }
  for (const orphan of exceptions.filter((one) => !claimed.has(one.getFirstPropertyValue("uid")))) {
    yield new ICAL.Event(orphan);
  }
}

// ical.js finds an exception by the text of its RECURRENCE-ID, which some write as a time of a series of days.
function likened(exception, master) {
  const id = exception.getFirstProperty("recurrence-id");
  const time = id.getFirstValue();
  if (master.getFirstPropertyValue("dtstart").isDate && !time.isDate) {
    id.setValue(ICAL.Time.fromDateString(time.toString().slice(0, 10)));
  }
  return exception;
}

function* instances(event) {
  if (!event.isRecurring()) {
    const original = event.recurrenceId ?? event.startDate;
    yield { recurrenceId: original, startDate: event.startDate, endDate: event.endDate, item: event };
    return;
  }
  const last = [until, ...Object.keys(event.exceptions)].sort().at(-1);
  const iterator = event.iterator();
  for (let next = iterator.next(); next && next.toString() <= last; next = iterator.next()) {
    yield event.getOccurrenceDetails(next);
  }
}

function expanded(file) {
  const root = new ICAL.Component(ICAL.parse(readFileSync(file, "utf8")));
  const found = [];
  for (const event of events(root)) {
    for (const { recurrenceId, startDate, endDate, item } of instances(event)) {
      if (item.component.getFirstPropertyValue("status") === "CANCELLED") continue;
      found.push([event.uid, stamp(recurrenceId), stamp(startDate), stamp(endDate), recurrenceId.toString()]);
    }
  }
  return found;
}

console.log(JSON.stringify(files.map(expanded)));
