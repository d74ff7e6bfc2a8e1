/** Events of the API as the calendar view takes them, and back. */

import { linear } from "./calendar_colors.js";
import { addDays, instantOf } from "./times.js";

const WRITING_ROLES = ["writer", "owner", "writerWithoutPrivateAccess"];

export const mayWrite = (calendar) => WRITING_ROLES.includes(calendar.access_role);
export const titleOf = (item) => item.summary || "(no title)";

/** Null for what has no place in time. */
export function viewOf(item, calendar) {
  if (!item.start?.date && !item.start?.dateTime) return null;
  const allDay = Boolean(item.start.date);
  const locked = !mayWrite(calendar) || item.locked === true;
  const place = (one) => (allDay ? one.date : instantOf(one, calendar.time_zone));
  return {
    id: `${item.calendar_id} ${item.id}`,
    title: titleOf(item),
    start: place(item.start),
    end: item.end?.date || item.end?.dateTime ? place(item.end) : undefined,
    allDay,
    editable: !locked,
    color: calendar.color,
    contrastColor: readableOn(calendar.color),
    className: [item.pending && "is-pending", locked && "is-locked", item.status === "tentative" && "is-tentative"]
      .filter(Boolean)
      .join(" "),
    extendedProps: { item, calendar },
  };
}

/** Where an event of the view stands, as a change of Google's resource. */
export function placeOf({ allDay, startStr, endStr }) {
  if (!allDay) return { start: timed(startStr), end: timed(endStr) };
  return { start: dated(startStr), end: dated(endStr || addDays(startStr, 1)) };
}

/** Where it stood before, to undo a move. */
export const formerPlaceOf = ({ start, end }) =>
  start.date
    ? { start: dated(start.date), end: dated(end.date) }
    : { start: { ...timed(start.dateTime), ...zoneOf(start) }, end: { ...timed(end.dateTime), ...zoneOf(end) } };

const timed = (dateTime) => ({ dateTime, date: null });
const dated = (date) => ({ date, dateTime: null, timeZone: null });
const zoneOf = ({ timeZone }) => (timeZone ? { timeZone } : {});

/** Black or white, whichever is easier to read on the colour (WCAG 2, relative luminance). */
function readableOn(color) {
  const [red, green, blue] = linear(color);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000000" : "#ffffff";
}
