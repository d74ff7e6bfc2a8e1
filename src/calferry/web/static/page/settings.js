/** Accounts, tokens, and how others follow: what is connected, and how it ends. */

import { ask, get } from "./api.js";
import { byId, copyOf, part } from "./elements.js";
import { attempt, tell } from "./notices.js";
import { keepLooking, look, reconnectAddress, troubleOf } from "./shell.js";
import { said } from "./times.js";

async function read() {
  const [{ accounts }, { tokens }] = await Promise.all([look(), get("/auth/tokens")]);
  replaceIfChanged("accounts", accounts, accountRow);
  replaceIfChanged("tokens", tokens, tokenRow);
}

const shown = new Map();
const show = keepLooking(read);

/** Leaves a list alone, and the focus in it, as long as it says the same. */
function replaceIfChanged(id, values, rowOf) {
  const text = JSON.stringify(values);
  if (shown.get(id) === text) return;
  shown.set(id, text);
  byId(id).replaceChildren(...values.map(rowOf));
}

function accountRow(account) {
  const status = troubleOf(account)?.[0] ?? `connected since ${said(account.connected_at)}`;
  const row = copyOf("account", { email: account.email, status });
  part(row, "reconnect").href = reconnectAddress(account);
  part(row, "erase").ariaLabel = `Disconnect and erase ${account.email}`;
  part(row, "erase").addEventListener("click", () => askToErase(account));
  return row;
}

function askToErase(account) {
  const dialog = byId("erase-dialog");
  dialog.returnValue = "";
  byId("erase-email").textContent = account.email;
  dialog.showModal();
  dialog.addEventListener("close", () => dialog.returnValue === "erase" && erase(account), { once: true });
}

function erase(account) {
  return attempt("Not disconnected", async () => {
    await ask("DELETE", `/calendar/accounts/${encodeURIComponent(account.id)}`);
    tell(`${account.email} is disconnected, and its copy is erased.`);
    await show();
  });
}

function tokenRow(token) {
  const used = token.last_used_at ? `last used ${said(token.last_used_at)}` : "never used";
  const row = copyOf("token-row", { name: token.name, used: `made ${said(token.created_at)}, ${used}` });
  part(row, "revoke").ariaLabel = `Revoke ${token.name}`;
  part(row, "revoke").addEventListener("click", () =>
    attempt("Not revoked", async () => {
      await ask("DELETE", `/auth/tokens/${encodeURIComponent(token.id)}`);
      await show();
    }),
  );
  return row;
}

byId("new-token").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  attempt("No token was made", async () => {
    const { body } = await ask("POST", "/auth/tokens", { body: { name: form.elements.name.value } });
    byId("token").textContent = body.token;
    byId("made-token").hidden = false;
    form.reset();
    await show();
  });
});
byId("copy-token").addEventListener("click", () =>
  attempt("Not copied", async () => {
    await navigator.clipboard.writeText(byId("token").textContent);
    tell("Copied.");
  }),
);

await show();
