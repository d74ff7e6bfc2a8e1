// Being told of changes.
const assert = require("node:assert/strict");
const { once } = require("node:events");
const http = require("node:http");
const { after, before, beforeEach, test } = require("node:test");
const { control, event, freshCalendar, refused } = require("./local_google.cjs");

let address;
let calendar;
const calendarId = "primary";
const hook = http.createServer((request, response) => {
  response.end();
  hook.emit("notification", request.headers);
});

before(async () => {
  hook.listen(0, "127.0.0.1");
  await once(hook, "listening");
  address = `http://127.0.0.1:${hook.address().port}/hook`;
});

after(() => {
  hook.close();
  hook.closeAllConnections();
});

beforeEach(async () => {
  calendar = await freshCalendar();
});

test("a watch tells of changes until it is stopped", { timeout: 20000 }, async () => {
  const requestBody = { id: "channel-1", type: "web_hook", address, token: "secret" };
  const opening = once(hook, "notification");
  const { data: channel } = await calendar.events.watch({ calendarId, requestBody });
  const [first] = await opening;
  assert.equal(first["x-goog-resource-state"], "sync");
  assert.equal(first["x-goog-message-number"], "1");
  assert.equal(first["x-goog-resource-id"], channel.resourceId);

  const change = once(hook, "notification");
  await calendar.events.insert({ calendarId, requestBody: event("A") });
  const [second] = await change;
  assert.equal(second["x-goog-resource-state"], "exists");
  assert.equal(second["x-goog-channel-id"], "channel-1");
  assert.equal(second["x-goog-channel-token"], "secret");

  const stop = { requestBody: { id: channel.id, resourceId: channel.resourceId } };
  await calendar.channels.stop(stop);
  await refused(calendar.channels.stop(stop), 404);
  await calendar.events.insert({ calendarId, requestBody: event("B") });
  const { deliveries } = await control("deliveries");
  assert.equal(deliveries.length, 2);
});

test("every collection can be watched", { timeout: 20000 }, async () => {
  const watches = {
    acl: (requestBody) => calendar.acl.watch({ calendarId, requestBody }),
    list: (requestBody) => calendar.calendarList.watch({ requestBody }),
    settings: (requestBody) => calendar.settings.watch({ requestBody }),
  };
  for (const [id, watch] of Object.entries(watches)) {
    const opening = once(hook, "notification");
    const { data: channel } = await watch({ id, type: "web_hook", address });
    const [first] = await opening;
    assert.equal(first["x-goog-channel-id"], id);
    await calendar.channels.stop({ requestBody: { id, resourceId: channel.resourceId } });
  }
});
