/** Instants, dates and wall times, each in the zone that the reader has chosen. */

export const viewerZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

const SEVEN_HOURS = 7 * 3_600_000;
const HAS_OFFSET = /(Z|[+-]\d\d:?\d\d)$/i;
const WALL = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };

/** `2026-03-25T10:00`, as `<input type="datetime-local">` has it. */
export function wallIn(instant, zone) {
  const parts = new Intl.DateTimeFormat("en", { ...WALL, timeZone: zone }).formatToParts(new Date(instant));
  const { year, month, day, hour, minute } = Object.fromEntries(parts.map(({ type, value }) => [type, value]));
  return `${year.padStart(4, "0")}-${month}-${day}T${hour}:${minute}`;
}

/** Google's `start` or `end` as an RFC 3339 instant; a time without an offset is one on the clocks of its zone. */
export function instantOf({ dateTime, timeZone }, calendarZone) {
  if (HAS_OFFSET.test(dateTime)) return dateTime;
  const zone = timeZone ?? calendarZone ?? viewerZone;
  const wall = Date.parse(`${dateTime}Z`);
  const offsetAt = (at) => Date.parse(`${wallIn(at, zone)}Z`) - Math.floor(at / 60_000) * 60_000;
  return new Date(wall - offsetAt(wall - offsetAt(wall))).toISOString();
}

export function addDays(date, days) {
  const day = new Date(`${date}T00:00Z`);
  day.setUTCDate(day.getUTCDate() + days);
  return day.toISOString().slice(0, 10);
}

/** The time, with the date unless it is today; a date for a whole day. */
export function said(instant, zone = viewerZone) {
  if (!instant) return "never";
  const isToday = wallIn(instant, zone).slice(0, 10) === wallIn(Date.now(), zone).slice(0, 10);
  const style = isToday ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" };
  return new Intl.DateTimeFormat(undefined, { ...style, timeZone: zone }).format(new Date(instant));
}

export const saidDate = (date) =>
  new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeZone: "UTC" }).format(new Date(`${date}T00:00Z`));

/** Google's `start` or `end`, for people. */
export function saidPlace(place, zone) {
  if (!place) return "";
  return place.date ? saidDate(place.date) : said(instantOf(place), zone);
}

/** 1 for Monday to 7 for Sunday, as the reader's country begins its weeks; 0 to 6 for the calendar view. */
export function firstDay() {
  const locale = new Intl.Locale(navigator.language);
  return ((locale.getWeekInfo?.() ?? locale.weekInfo)?.firstDay ?? 1) % 7;
}

/** How the reader's country writes an hour of one digit: some put a zero before it, some do not. */
export function hourStyle() {
  const parts = new Intl.DateTimeFormat(navigator.language, { timeStyle: "short", timeZone: "UTC" }).formatToParts(SEVEN_HOURS);
  return parts.find(({ type }) => type === "hour").value.length < 2 ? "numeric" : "2-digit";
}
