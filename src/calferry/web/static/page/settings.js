/** Accounts, and what lets others read: what is connected, and how it ends. */

import { ask, get } from "./api.js";
import { byId, copyOf, make, part } from "./elements.js";
import { attempt, tell } from "./notices.js";
import { followersIn, readFollowers } from "./followers.js";
import { keepLooking, look, reconnectAddress, troubleOf } from "./shell.js";
import { said } from "./times.js";

const show = keepLooking(read);
const shown = new Map();

async function read() {
  const [{ accounts }, { calendars }, followers] = await Promise.all([look(), get("/calendar/calendars"), readFollowers()]);
  replaceIfChanged("accounts", accounts, accountRow);
  for (const { id, values, rowOf } of followersIn(followers, calendars, show)) replaceIfChanged(id, values, rowOf);
  offer(calendars.filter(({ selected }) => selected));
}

/** Leaves a list alone, and the focus in it, as long as it says the same. */
function replaceIfChanged(id, values, rowOf) {
  const text = JSON.stringify(values);
  if (shown.get(id) === text) return;
  shown.set(id, text);
  byId(id).replaceChildren(...values.map(rowOf));
}

function offer(calendars) {
  const choice = byId("new-feeds").elements.calendar;
  if (choice.length === calendars.length + 1) return;
  choice.replaceChildren(choice[0], ...calendars.map(({ id, summary }) => make("option", { value: id, text: summary })));
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

await show();
