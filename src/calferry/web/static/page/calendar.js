/** The calendar: what is mirrored, live, and edited by dragging. */

import { Calendar, dayGrid, interaction, list, theme, timeGrid } from "../vendor/fullcalendar/fullcalendar.js";
import { get } from "./api.js";
import { colored } from "./calendar_colors.js";
import { byId, copyOf, make, part } from "./elements.js";
import { openEvent, openNew } from "./event_dialog.js";
import { patchEvent, tellDone, tellUndone } from "./event_edits.js";
import { formerPlaceOf, mayWrite, placeOf, titleOf, viewOf } from "./event_view.js";
import { tellRefusal } from "./notices.js";
import { askScope } from "./scope_dialog.js";
import { keepLooking, look } from "./shell.js";
import { follow } from "./stream.js";
import { firstDay, hourStyle, viewerZone } from "./times.js";

const NARROW = matchMedia("(max-width: 599px)");
const GATHERED_MS = 250;
const PAGE_SIZE = 2500;
const ZONE = "calferry.zone";
const HIDDEN = "calferry.hidden";

const VIEWS = { month: "dayGridMonth", week: "timeGridWeek", day: "timeGridDay", list: "listWeek" };

const asked = new URLSearchParams(location.search);
const calendars = new Map();
const hidden = new Set(JSON.parse(localStorage.getItem(HIDDEN) ?? "[]"));
let cursor = null;
let occupied = 0;
let isStale = false;
let gathering = 0;
let focused = null;
let areCalendarsKnown;
const calendarsKnown = new Promise((resolve) => (areCalendarsKnown = resolve));

const times = { hour: hourStyle(), minute: "2-digit" };
const view = new Calendar(byId("calendar"), {
  plugins: [dayGrid, timeGrid, list, interaction, theme],
  ...layoutOf(NARROW.matches),
  initialView: VIEWS[asked.get("view")] ?? (NARROW.matches ? VIEWS.list : VIEWS.month),
  initialDate: /^\d{4}-\d\d-\d\d$/.test(asked.get("date")) ? asked.get("date") : undefined,
  locale: navigator.language,
  firstDay: firstDay(),
  timeZone: localStorage.getItem(ZONE) ?? viewerZone,
  height: "100%",
  buttons: {
    today: { text: "Today" },
    dayGridMonth: { text: "Month" },
    timeGridWeek: { text: "Week" },
    timeGridDay: { text: "Day" },
    listWeek: { text: "List" },
  },
  buttonClass: "tool",
  todayHint: "Today",
  viewHint: (text) => text,
  navLinkHint: (text) => text,
  eventTimeFormat: times,
  slotHeaderFormat: times,
  scrollTime: "07:00",
  nowIndicator: true,
  navLinks: true,
  dayMaxEvents: true,
  eventInteractive: true,
  editable: true,
  selectable: true,
  selectMirror: true,
  forceEventDuration: true,
  events: readEvents,
  eventClick: ({ event, jsEvent }) => (jsEvent.preventDefault(), openEvent(event.extendedProps.item, desk)),
  select: (span) => (view.unselect(), openNew(span, desk)),
  eventDrop: moved,
  eventResize: moved,
  eventDragStart: occupy,
  eventDragStop: release,
  eventResizeStart: occupy,
  eventResizeStop: release,
  eventDidMount: explain,
  // Names of their own would hide what stands in them.
  dayCellDidMount: ({ el }) => el.removeAttribute("aria-label"),
  dayHeaderDidMount: ({ el }) => el.querySelector('[role="link"]')?.removeAttribute("aria-label"),
  datesSet: keepPlace,
  loading: (isLoading) => byId("calendar").setAttribute("aria-busy", isLoading),
});

/** What the dialog needs of this page. */
const desk = {
  calendars,
  zone: () => view.getOption("timeZone"),
  zones: () => [...new Set([viewerZone, ...[...calendars.values()].map((one) => one.time_zone).filter(Boolean)])],
  refresh,
  during,
};

function layoutOf(isNarrow) {
  const names = "listWeek,timeGridDay,timeGridWeek,dayGridMonth";
  const views = {
    dayGridMonth: { titleFormat: { year: "numeric", month: "long" } },
    // A narrow column has room for one word, and the hours stand beside it.
    timeGridWeek: { displayEventTime: !isNarrow },
  };
  return isNarrow
    ? {
        views,
        headerToolbar: { start: "prev,next", center: "title", end: "today" },
        footerToolbar: { center: names },
        titleFormat: { year: "numeric", month: "short", day: "numeric" },
      }
    : {
        views,
        headerToolbar: { start: "prev,next today", center: "title", end: "dayGridMonth,timeGridWeek,timeGridDay,listWeek" },
        footerToolbar: false,
        titleFormat: undefined,
      };
}

async function readEvents({ startStr, endStr }) {
  const query = { singleEvents: "true", timeMin: startStr, timeMax: endStr, maxResults: PAGE_SIZE };
  const items = [];
  for (let pageToken = ""; pageToken !== null; ) {
    const page = await get("/calendar/events", pageToken ? { ...query, pageToken } : query);
    items.push(...page.items);
    pageToken = page.nextPageToken;
    beginFollowing(page.cursor);
  }
  await calendarsKnown;
  return items
    .filter((item) => calendars.has(item.calendar_id) && !hidden.has(item.calendar_id))
    .map((item) => viewOf(item, calendars.get(item.calendar_id)))
    .filter(Boolean);
}

function beginFollowing(from) {
  if (cursor !== null) return;
  cursor = from;
  follow(`/calendar/stream?cursor=${from}`, () => refresh(), { onOpen: showLive }).catch(() => showLive(false));
}

function showLive(isLive) {
  byId("live").className = isLive ? "live on" : "live";
  byId("live").textContent = isLive ? "Live" : "Reconnecting…";
}

/** Reads what is shown again: soon, so that many changes cost one reading, and not under the hand of who is dragging. */
function refresh() {
  isStale = true;
  if (gathering || occupied) return;
  gathering = setTimeout(() => {
    gathering = 0;
    if (occupied) return;
    isStale = false;
    view.refetchEvents();
  }, GATHERED_MS);
}

function occupy() {
  occupied += 1;
}

function release() {
  occupied -= 1;
  if (!occupied && isStale) refresh();
}

async function during(work) {
  occupy();
  try {
    return await work();
  } finally {
    release();
  }
}

/** An event was dragged or resized: the view shows it there already, and is put back where that is refused. */
function moved({ event, oldEvent, revert }) {
  const { item } = oldEvent.extendedProps;
  return during(async () => {
    const scope = item.recurringEventId ? await askScope(`Move “${titleOf(item)}”`) : "this";
    if (!scope) return revert();
    try {
      const answer = await patchEvent(item, placeOf(event), { scope, etag: item.pending ? null : item.etag });
      const undo = [["Undo", () => putBack(item, answer)]];
      tellDone(`Moved “${titleOf(item)}”`, answer, scope === "this" ? undo : []);
    } catch (error) {
      revert();
      tellUndone(titleOf(item), error, refresh);
      look();
    }
    isStale = true;
  });
}

async function putBack(item, { etag }) {
  try {
    tellDone(`Put “${titleOf(item)}” back`, await patchEvent(item, formerPlaceOf(item), { etag }));
  } catch (error) {
    tellUndone(titleOf(item), error, refresh);
  }
  refresh();
}

/** The address says what is looked at, so that it survives a reload and can be sent to somebody. */
function keepPlace({ view: { type, calendar } }) {
  const [name] = Object.entries(VIEWS).find(([, value]) => value === type);
  history.replaceState(null, "", `?${new URLSearchParams({ view: name, date: calendar.formatIso(calendar.getDate()).slice(0, 10) })}`);
}

function explain({ el, event }) {
  const { item, calendar } = event.extendedProps;
  if (!item) return;
  // A list may hold nothing but items, and these are buttons.
  el.closest('[role="list"], [role="group"]')?.setAttribute("role", "group");
  const notes = [calendar.summary, !mayWrite(calendar) && "read only", item.pending && "not at Google yet"];
  el.title = [titleOf(item), item.location, notes.filter(Boolean).join(", ")].filter(Boolean).join("\n");
  el.dataset.eventId = event.id;
  if (event.id === focused) setTimeout(() => giveFocusBack(el));
}

/** Who uses the keyboard stays at an event that is drawn anew, instead of beginning at the top of the page. An event is hidden
 * until it has been measured, and takes no focus before. */
function giveFocusBack(el, frames = 60) {
  if (!el.isConnected || document.activeElement !== document.body) return;
  const button = el.matches('[role="button"]') ? el : el.querySelector('[role="button"]');
  button?.focus();
  if (frames && document.activeElement !== button) requestAnimationFrame(() => giveFocusBack(el, frames - 1));
}

document.addEventListener("focusin", ({ target }) => {
  if (!target.closest("dialog")) focused = target.closest("[data-event-id]")?.dataset.eventId ?? null;
});

function showCalendars() {
  const rows = [...calendars.values()].map((calendar) => {
    const row = copyOf("shown-calendar", { summary: calendar.summary });
    part(row, "dot").style.backgroundColor = calendar.color;
    part(row, "lock").hidden = mayWrite(calendar);
    const box = part(row, "box");
    box.checked = !hidden.has(calendar.id);
    box.addEventListener("change", () => {
      box.checked ? hidden.delete(calendar.id) : hidden.add(calendar.id);
      localStorage.setItem(HIDDEN, JSON.stringify([...hidden]));
      refresh();
    });
    return row;
  });
  byId("shown-calendars").replaceChildren(...rows);
  byId("new-event").hidden = ![...calendars.values()].some(mayWrite);
}

function showZones() {
  const chosen = desk.zone();
  const options = [...new Set([...desk.zones(), chosen])].map((zone) =>
    make("option", { value: zone, text: zone === viewerZone ? `${zone} (yours)` : zone, selected: zone === chosen }),
  );
  byId("zone").replaceChildren(...options);
}

async function readCalendars() {
  const found = colored((await get("/calendar/calendars")).calendars).filter((calendar) => calendar.selected);
  const facts = (one) => [one.id, one.summary, one.access_role, one.time_zone, one.color];
  const isSame = JSON.stringify(found.map(facts)) === JSON.stringify([...calendars.values()].map(facts));
  if (isSame) return false;
  calendars.clear();
  for (const calendar of found) calendars.set(calendar.id, calendar);
  showCalendars();
  showZones();
  return true;
}

byId("zone").addEventListener("change", ({ target }) => {
  if (target.value === viewerZone) localStorage.removeItem(ZONE);
  else localStorage.setItem(ZONE, target.value);
  view.setOption("timeZone", target.value);
});
byId("new-event").addEventListener("click", () => openNew(null, desk));
byId("choices").open = !NARROW.matches;
NARROW.addEventListener("change", ({ matches }) => {
  byId("choices").open = !matches;
  for (const [name, value] of Object.entries(layoutOf(matches))) view.setOption(name, value);
  view.changeView(matches ? VIEWS.list : VIEWS.month);
});

try {
  await readCalendars();
  areCalendarsKnown();
  view.render();
} catch (error) {
  tellRefusal("The calendar cannot be shown", error);
}
keepLooking(async () => {
  await look();
  if (await readCalendars()) refresh();
})();
