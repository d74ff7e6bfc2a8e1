/** Who may follow: tokens of programs, addresses of feeds, endpoints of webhooks. Each has a secret that is shown once. */

import { ask, get } from "./api.js";
import { byId, copyOf, part } from "./elements.js";
import { attempt, tell } from "./notices.js";
import { said } from "./times.js";

const used = (at) => (at ? `last used ${said(at)}` : "never used");

const KINDS = [
  {
    id: "tokens",
    path: "/auth/tokens",
    listIn: ({ tokens }) => tokens,
    bodyOf: ({ name }) => ({ name: name.value }),
    secretIn: ({ token }) => token,
    nameOf: ({ name }) => name,
    factsOf: ({ created_at, last_used_at }) => `made ${said(created_at)}, ${used(last_used_at)}`,
    end: "Revoke",
  },
  {
    id: "feeds",
    path: "/calendar/feeds",
    listIn: ({ feeds }) => feeds,
    bodyOf: ({ calendar }) => (calendar.value ? { calendar_id: calendar.value } : {}),
    secretIn: ({ url }) => url,
    nameOf: ({ name, calendar_id }, titles) => name || (calendar_id ? (titles.get(calendar_id) ?? "a calendar that is gone") : "All calendars"),
    factsOf: ({ created_at, last_used_at }) => `made ${said(created_at)}, ${used(last_used_at)}`,
    end: "Revoke",
  },
  {
    id: "webhooks",
    path: "/calendar/subscriptions",
    listIn: ({ subscriptions }) => subscriptions,
    bodyOf: ({ url }) => ({ url: url.value }),
    secretIn: ({ secret }) => secret,
    nameOf: ({ name, url }) => name || url,
    factsOf: ({ status, last_success_at, last_error }) =>
      [status, last_error ? `last answer: ${last_error}` : "", `last told ${said(last_success_at)}`].filter(Boolean).join(", "),
    end: "Remove",
    isWebhook: true,
  },
];

let showAgain = () => {};

export const readFollowers = () => Promise.all(KINDS.map(async (kind) => [kind, kind.listIn(await get(kind.path))]));

/** For each kind the id of its list, what is in it, and how a row of it is made. */
export function followersIn(followers, calendars, show) {
  const titles = new Map(calendars.map(({ id, summary }) => [id, summary]));
  showAgain = show;
  return followers.map(([kind, values]) => ({ id: kind.id, values, rowOf: (value) => rowOf(kind, value, titles) }));
}

const addressOf = (kind, value, more = "") => `${kind.path}/${encodeURIComponent(value.id)}${more}`;

function rowOf(kind, value, titles) {
  const name = kind.nameOf(value, titles);
  const row = copyOf("row", { name, facts: kind.factsOf(value) });
  act(row, "end", kind.end, name, () => ask("DELETE", addressOf(kind, value)));
  if (kind.isWebhook) {
    const status = value.status === "active" ? "paused" : "active";
    act(row, "test", "Send a test", name, () => ask("POST", addressOf(kind, value, "/test")).then(() => tell("A test is on its way.")));
    act(row, "pause", status === "active" ? "Resume" : "Pause", name, () => ask("PATCH", addressOf(kind, value), { body: { status } }));
  }
  return row;
}

function act(row, place, text, name, work) {
  const button = part(row, place);
  button.hidden = false;
  button.textContent = text;
  button.ariaLabel = `${text} ${name}`;
  button.addEventListener("click", () => attempt(`${text} failed`, work).then(() => showAgain()));
}

for (const kind of KINDS) {
  byId(`new-${kind.id}`).addEventListener("submit", (event) => {
    event.preventDefault();
    const form = event.target;
    attempt("Nothing was made", async () => {
      const { body } = await ask("POST", kind.path, { body: kind.bodyOf(form.elements) });
      showSecret(form, kind.secretIn(body));
      form.reset();
      await showAgain();
    });
  });
}

function showSecret(form, secret) {
  const banner = copyOf("made", { secret });
  part(banner, "copy").addEventListener("click", () =>
    attempt("Not copied", async () => {
      await navigator.clipboard.writeText(secret);
      tell("Copied.");
    }),
  );
  form.parentElement.querySelector(".made")?.remove();
  form.after(banner);
}
