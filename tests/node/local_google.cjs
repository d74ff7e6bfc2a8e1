// Google's client for Node, unmodified, pointed at the local Google whose address is in LOCAL_GOOGLE.
const assert = require("node:assert/strict");
const { google } = require("googleapis");

const url = process.env.LOCAL_GOOGLE;
const ALICE = "alice@example.com";
const BOB = "bob@example.com";
const TEAM = "alice-team@group.calendar.google.com";

async function control(path, body) {
  const options = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const response = await fetch(`${url}/_emulator/${path}`, options);
  assert.equal(response.status, 200, await response.clone().text());
  return response.json();
}

async function signedIn(email = ALICE) {
  const endpoints = { oauth2TokenUrl: `${url}/token`, oauth2RevokeUrl: `${url}/revoke` };
  const auth = new google.auth.OAuth2({ clientId: "demo-client", clientSecret: "demo-secret", endpoints });
  const tokens = await control("tokens", { email });
  auth.setCredentials({ access_token: tokens.access_token, refresh_token: tokens.refresh_token });
  return auth;
}

async function freshCalendar() {
  await control("reset", {});
  return google.calendar({ version: "v3", auth: await signedIn(), rootUrl: url });
}

function event(summary, fields = {}) {
  return {
    summary,
    start: { dateTime: "2026-11-23T10:00:00", timeZone: "Europe/Berlin" },
    end: { dateTime: "2026-11-23T11:00:00", timeZone: "Europe/Berlin" },
    ...fields,
  };
}

// All items of all pages, and the sync token of the last.
async function everything(list, query) {
  const items = [];
  let pageToken;
  for (;;) {
    const { data } = await list({ ...query, pageToken });
    items.push(...data.items);
    if (!data.nextPageToken) return { items, token: data.nextSyncToken };
    pageToken = data.nextPageToken;
  }
}

async function refused(request, status, reason) {
  await assert.rejects(request, (error) => {
    assert.equal(error.status, status);
    if (reason) assert.equal(error.response.data.error.errors[0].reason, reason);
    return true;
  });
}

module.exports = { ALICE, BOB, TEAM, control, event, everything, freshCalendar, google, refused, signedIn, url };
