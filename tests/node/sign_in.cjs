// Consent, tokens, identities and service accounts.
const assert = require("node:assert/strict");
const { beforeEach, test } = require("node:test");
const { ALICE, BOB, control, google, refused, signedIn, url } = require("./local_google.cjs");

const SCOPE = "https://www.googleapis.com/auth/calendar";
const ROBOT = "robot@project.iam.gserviceaccount.com";

beforeEach(() => control("reset", {}));

function application() {
  return new google.auth.OAuth2({
    clientId: "demo-client",
    clientSecret: "demo-secret",
    redirectUri: "http://127.0.0.1:9/back",
    endpoints: {
      oauth2AuthBaseUrl: `${url}/o/oauth2/v2/auth`,
      oauth2TokenUrl: `${url}/token`,
      oauth2RevokeUrl: `${url}/revoke`,
      tokenInfoUrl: `${url}/tokeninfo`,
      oauth2FederatedSignonPemCertsUrl: `${url}/oauth2/v1/certs`,
    },
  });
}

async function consented(auth, email) {
  const { codeVerifier, codeChallenge } = await auth.generateCodeVerifierAsync();
  const address = auth.generateAuthUrl({
    access_type: "offline",
    prompt: "consent",
    scope: ["openid", "email", SCOPE],
    login_hint: email,
    state: "here",
    code_challenge: codeChallenge,
    code_challenge_method: "S256",
  });
  const response = await fetch(address, { redirect: "manual" });
  const back = new URL(response.headers.get("location"));
  assert.equal(back.searchParams.get("state"), "here");
  const { tokens } = await auth.getToken({ code: back.searchParams.get("code"), codeVerifier });
  auth.setCredentials(tokens);
}

const primaryOf = async (auth) =>
  (await google.calendar({ version: "v3", auth, rootUrl: url }).calendars.get({ calendarId: "primary" })).data.id;

test("consent leads to tokens and a signed identity, until they are revoked", async () => {
  const auth = application();
  await consented(auth, BOB);
  assert.equal(await primaryOf(auth), BOB);
  const ticket = await auth.verifyIdToken({ idToken: auth.credentials.id_token, audience: "demo-client" });
  assert.equal(ticket.getPayload().email, BOB);
  const about = await auth.getTokenInfo(auth.credentials.access_token);
  assert.deepEqual([about.email, about.scopes.includes(SCOPE)], [BOB, true]);
  const oauth2 = google.oauth2({ version: "v2", auth, rootUrl: url });
  assert.equal((await oauth2.userinfo.get()).data.email, BOB);
  const { access_token } = auth.credentials;
  const { data } = await oauth2.tokeninfo({ access_token });
  assert.equal(data.user_id, ticket.getUserId());
  const { refresh_token } = auth.credentials;
  await auth.revokeToken(access_token);
  auth.setCredentials({ refresh_token });
  await refused(primaryOf(auth), 400);
});

test("the client built from the discovery document works too", async () => {
  const auth = await signedIn();
  const calendar = await google.discoverAPI(`${url}/discovery/v1/apis/calendar/v3/rest`, { auth });
  assert.equal((await calendar.calendars.get({ calendarId: "primary" })).data.id, ALICE);
});

// The client sends service accounts to Google's own token address, unless they sign their tokens themselves.
test("a service account signs its own tokens", async () => {
  const key = await control("service-account", { email: ROBOT });
  const auth = new google.auth.JWT({
    email: key.client_email,
    key: key.private_key,
    keyId: key.private_key_id,
    scopes: [SCOPE],
  });
  auth.useJWTAccessWithScope = true;
  assert.equal(await primaryOf(auth), ROBOT);
});
