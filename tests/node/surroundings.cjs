// Everything around events: calendars, their list, who may see them, busy times, settings, colours.
const assert = require("node:assert/strict");
const { beforeEach, test } = require("node:test");
const { ALICE, BOB, control, event, everything, freshCalendar, refused } = require("./local_google.cjs");

let calendar;
const calendarId = "primary";

beforeEach(async () => {
  calendar = await freshCalendar();
});

test("calendars come and go on the list", async () => {
  const list = (query) => calendar.calendarList.list(query);
  const { token } = await everything(list, { maxResults: 1 });
  const { data: made } = await calendar.calendars.insert({ requestBody: { summary: "Club" } });
  await calendar.calendars.patch({ calendarId: made.id, requestBody: { timeZone: "Europe/Paris" } });
  await calendar.calendarList.patch({ calendarId: made.id, requestBody: { summaryOverride: "Mine" } });
  const added = await everything(list, { syncToken: token });
  assert.deepEqual(added.items.map((item) => [item.id, item.summaryOverride]), [[made.id, "Mine"]]);
  await calendar.calendars.delete({ calendarId: made.id });
  const removed = await everything(list, { syncToken: added.token });
  assert.deepEqual(removed.items.map((item) => [item.id, item.deleted]), [[made.id, true]]);
  await refused(calendar.calendars.get({ calendarId: made.id }), 404, "notFound");
});

test("rules say who may do what, and are followed like events", async () => {
  const list = (query) => calendar.acl.list(query);
  const { items, token } = await everything(list, { calendarId, maxResults: 1 });
  assert.deepEqual(items.map((item) => item.role), ["owner"]);
  const requestBody = { role: "reader", scope: { type: "user", value: BOB } };
  const { data: rule } = await calendar.acl.insert({ calendarId, requestBody });
  await calendar.acl.patch({ calendarId, ruleId: rule.id, requestBody: { role: "writer" } });
  await calendar.acl.update({ calendarId, ruleId: rule.id, requestBody: { ...requestBody, role: "owner" } });
  assert.equal((await calendar.acl.get({ calendarId, ruleId: rule.id })).data.role, "owner");
  await calendar.acl.delete({ calendarId, ruleId: rule.id });
  const gone = await everything(list, { calendarId, syncToken: token });
  assert.deepEqual(gone.items.map((item) => [item.id, item.role]), [[`user:${BOB}`, "none"]]);
});

test("busy times are told without what they are spent on", async () => {
  await calendar.events.insert({ calendarId, requestBody: event("Secret") });
  const requestBody = {
    timeMin: "2026-11-23T00:00:00Z",
    timeMax: "2026-11-24T00:00:00Z",
    items: [{ id: ALICE }, { id: "nobody@example.org" }],
  };
  const { data } = await calendar.freebusy.query({ requestBody });
  assert.deepEqual(data.calendars[ALICE].busy, [{ start: "2026-11-23T09:00:00Z", end: "2026-11-23T10:00:00Z" }]);
  assert.equal(data.calendars["nobody@example.org"].errors[0].reason, "notFound");
});

test("settings are listed and followed", async () => {
  const list = (query) => calendar.settings.list(query);
  const { items, token } = await everything(list, { maxResults: 5 });
  assert.equal(items.find((item) => item.id === "locale").value, "en");
  await control("settings", { email: ALICE, id: "locale", value: "de" });
  const changed = await everything(list, { syncToken: token });
  assert.deepEqual(changed.items.map((item) => [item.id, item.value]), [["locale", "de"]]);
  assert.equal((await calendar.settings.get({ setting: "locale" })).data.value, "de");
});

test("colours are numbered", async () => {
  const { data } = await calendar.colors.get();
  assert.equal(Object.keys(data.event).length, 11);
});
