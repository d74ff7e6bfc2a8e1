// Following a calendar: full and incremental listings, refusals that a follower has to understand, tokens.
const assert = require("node:assert/strict");
const { beforeEach, test } = require("node:test");
const { ALICE, TEAM, control, event, everything, freshCalendar, refused } = require("./local_google.cjs");

let calendar;
let list;
const calendarId = "primary";

beforeEach(async () => {
  calendar = await freshCalendar();
  list = (query) => calendar.events.list(query);
});

async function insert(...args) {
  const { data } = await calendar.events.insert({ calendarId, requestBody: event(...args) });
  return data.id;
}

test("a full listing comes in pages, and what happens after it in deltas", async () => {
  const made = [];
  for (let number = 0; number < 5; number += 1) made.push(await insert(`E${number}`));
  let { items, token } = await everything(list, { calendarId, maxResults: 2 });
  assert.deepEqual(items.map((item) => item.id), made);

  const added = await insert("New");
  await calendar.events.patch({ calendarId, eventId: made[0], requestBody: { summary: "Edited" } });
  await calendar.events.delete({ calendarId, eventId: made[1] });
  ({ items, token } = await everything(list, { calendarId, syncToken: token, maxResults: 2 }));
  const found = Object.fromEntries(items.map((item) => [item.id, item.summary ?? item.status]));
  assert.deepEqual(found, { [added]: "New", [made[0]]: "Edited", [made[1]]: "cancelled" });
  assert.deepEqual((await everything(list, { calendarId, syncToken: token })).items, []);
});

test("changes of a series come as its exceptions and as the series", async () => {
  const eventId = await insert("S", { recurrence: ["RRULE:FREQ=DAILY;COUNT=5"] });
  let { items, token } = await everything(list, { calendarId });
  const { data: instances } = await calendar.events.instances({ calendarId, eventId });
  const [, second, third] = instances.items;
  await calendar.events.update({ calendarId, eventId: second.id, requestBody: { ...second, summary: "Odd" } });
  await calendar.events.delete({ calendarId, eventId: third.id });
  ({ items, token } = await everything(list, { calendarId, syncToken: token }));
  assert.deepEqual(
    items.map((item) => [item.id, item.recurringEventId, item.status]).sort(),
    [[second.id, eventId, "confirmed"], [third.id, eventId, "cancelled"]].sort(),
  );
  const recurrence = ["RRULE:FREQ=DAILY;COUNT=2"];
  await calendar.events.patch({ calendarId, eventId, requestBody: { recurrence } });
  ({ items } = await everything(list, { calendarId, syncToken: token }));
  assert.deepEqual(items.find((item) => item.id === eventId).recurrence, recurrence);
});

test("a dead sync token is refused with the order to start over", async () => {
  const { token } = await everything(list, { calendarId });
  await control("expire-sync-tokens", { calendar_id: ALICE });
  await refused(list({ calendarId, syncToken: token }), 410, "fullSyncRequired");
  assert.ok((await everything(list, { calendarId })).token);
});

test("etags keep old writes out and spare unchanged reads", async () => {
  const eventId = await insert("A");
  const { data: first } = await calendar.events.get({ calendarId, eventId });
  const unchanged = { headers: { "If-None-Match": first.etag } };
  assert.equal((await calendar.events.get({ calendarId, eventId }, unchanged)).status, 304);
  const onlyIfSame = { headers: { "If-Match": first.etag } };
  const requestBody = { summary: "B" };
  const { data: second } = await calendar.events.patch({ calendarId, eventId, requestBody }, onlyIfSame);
  assert.equal(second.summary, "B");
  await refused(calendar.events.patch({ calendarId, eventId, requestBody }, onlyIfSame), 412, "conditionNotMet");
  await refused(calendar.events.delete({ calendarId, eventId }, onlyIfSame), 412, "conditionNotMet");
  assert.equal((await calendar.events.get({ calendarId, eventId }, unchanged)).data.summary, "B");
});

test("an access token that has run out is refreshed on the way", async () => {
  await control("clock", { advance_s: 7200 });
  const { items } = await everything((query) => calendar.calendarList.list(query), { maxResults: 1 });
  assert.deepEqual(items.map((item) => item.id), [ALICE, TEAM]);
  const { requests } = await control("requests");
  assert.equal(requests.filter((request) => request.path === "/token").length, 1);
});
