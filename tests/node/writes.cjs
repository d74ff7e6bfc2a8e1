// The other ways in which events come, go and repeat, and many requests in one.
const assert = require("node:assert/strict");
const { beforeEach, test } = require("node:test");
const { TEAM, event, freshCalendar, refused, signedIn, url } = require("./local_google.cjs");

let calendar;
const calendarId = "primary";

beforeEach(async () => {
  calendar = await freshCalendar();
});

test("an event of another calendar is imported and moved", async () => {
  const requestBody = event("From elsewhere", { iCalUID: "one@elsewhere" });
  const { data: made } = await calendar.events.import({ calendarId, requestBody });
  assert.equal(made.iCalUID, "one@elsewhere");
  await calendar.events.move({ calendarId, eventId: made.id, destination: TEAM });
  const { data: moved } = await calendar.events.get({ calendarId: TEAM, eventId: made.id });
  assert.equal(moved.organizer.email, TEAM);
  const { data: here } = await calendar.events.list({ calendarId });
  assert.deepEqual(here.items, []);
});

test("a sentence becomes an event", async () => {
  const { data } = await calendar.events.quickAdd({ calendarId, text: "Lunch tomorrow at 12pm" });
  assert.equal(data.summary, "Lunch");
});

test("the instances of a series come in pages", async () => {
  const recurrence = ["RRULE:FREQ=WEEKLY;COUNT=5"];
  const { data: series } = await calendar.events.insert({ calendarId, requestBody: event("S", { recurrence }) });
  const query = { calendarId, eventId: series.id, maxResults: 3 };
  const { data: first } = await calendar.events.instances(query);
  const { data: second } = await calendar.events.instances({ ...query, pageToken: first.nextPageToken });
  const found = [...first.items, ...second.items];
  assert.equal(found.length, 5);
  assert.ok(found.every((item) => item.id.startsWith(`${series.id}_`) && item.recurringEventId === series.id));
});

test("what cannot be is refused with a reason", async () => {
  await refused(calendar.events.insert({ calendarId, requestBody: { summary: "No times" } }), 400, "required");
  await refused(calendar.events.get({ calendarId, eventId: "nothing" }), 404, "notFound");
  const { data } = await calendar.events.insert({ calendarId, requestBody: event("A") });
  await calendar.events.delete({ calendarId, eventId: data.id });
  await refused(calendar.events.delete({ calendarId, eventId: data.id }), 410, "deleted");
  await refused(calendar.events.insert({ calendarId, requestBody: event("A", { id: data.id }) }), 409, "duplicate");
});

// The client has no method for batches, so one is written out and sent with its authorisation.
test("fifty requests in one are answered one by one", async () => {
  const bodies = Array.from({ length: 50 }, (_, number) => event("B", { id: number % 10 ? `batch${number}` : "UPPER" }));
  const parts = bodies.map((body, number) =>
    [
      "--parts",
      "Content-Type: application/http",
      `Content-ID: <part-${number}>`,
      "",
      "POST /calendar/v3/calendars/primary/events",
      "Content-Type: application/json",
      "",
      JSON.stringify(body),
    ].join("\r\n"),
  );
  const auth = await signedIn();
  const response = await auth.request({
    url: `${url}/batch/calendar/v3`,
    method: "POST",
    headers: { "Content-Type": "multipart/mixed; boundary=parts" },
    body: `${parts.join("\r\n")}\r\n--parts--\r\n`,
    responseType: "text",
  });
  const boundary = /boundary=(.+)$/.exec(response.headers.get("content-type"))[1];
  const answers = response.data.split(`--${boundary}`).slice(1, -1);
  const statuses = answers.map((answer) => Number(/HTTP\/1\.1 (\d+)/.exec(answer)[1]));
  assert.deepEqual(statuses, bodies.map((body) => (body.id === "UPPER" ? 400 : 200)));
  assert.ok(answers.every((answer, number) => answer.includes(`Content-ID: <response-part-${number}>`)));
  const { data } = await calendar.events.list({ calendarId });
  assert.equal(data.items.length, 45);
});
