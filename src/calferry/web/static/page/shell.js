/** What every page has: notices about accounts, the number of conflicts, and signing out. */

import { ask, get } from "./api.js";
import { byId, make } from "./elements.js";
import { attempt } from "./notices.js";

const LOOK_EVERY_MS = 10_000;
const MOVING_MS = 1000;
const TROUBLES = {
  needs_reauth: ["Google no longer accepts the grant of this account: nothing of it is copied until you reconnect it.", "Reconnect"],
  partial: ["Permissions are missing. Ask again, and leave every box ticked.", "Ask again"],
  calendar_disabled: ["This account has no Google Calendar.", ""],
  paused: ["This account is paused.", ""],
};

export const reconnectAddress = (account) =>
  `/auth/google/login?${new URLSearchParams({ intent: "reconnect", account_id: account.id, return_to: location.pathname })}`;

/** `[sentence, what to do]` for an account with a trouble. */
export const troubleOf = (account) => TROUBLES[account.status];

/** Asks once for what the shell shows, and tells the page by an event `accounts`. */
export async function look() {
  const [{ accounts }, { conflicts }] = await Promise.all([get("/calendar/accounts"), get("/calendar/conflicts")]);
  showBanners(accounts);
  const count = byId("conflict-count");
  count.hidden = conflicts.length === 0;
  count.textContent = conflicts.length;
  return { accounts, conflicts };
}

function showBanners(accounts) {
  const banners = accounts.filter(troubleOf).map((account) => {
    const [sentence, remedy] = troubleOf(account);
    const banner = make("p", { className: "banner bad" }, make("b", { text: account.email }), ` ${sentence} `);
    if (remedy) banner.append(make("a", { className: "button", href: reconnectAddress(account), text: remedy }));
    return banner;
  });
  replaceIfChanged(byId("banners"), banners);
}

/** Leaves what is shown already alone, and with it the focus of whoever is about to press something there. */
function replaceIfChanged(place, children) {
  const fresh = make("div", {}, ...children);
  if (fresh.innerHTML !== place.innerHTML) place.replaceChildren(...fresh.childNodes);
}

/** A function that calls `work` at once, and then again and again as long as somebody may be looking: soon where it answers
 * true, something being on its way. One look begins when the one before has ended, so that the newest answers stay. */
export function keepLooking(work) {
  let timer = 0;
  let looking = Promise.resolve();
  const again = () => (looking = looking.then(lookOnce));
  async function lookOnce() {
    clearTimeout(timer);
    const isMoving = !document.hidden && (await work().catch(() => false));
    clearTimeout(timer);
    timer = setTimeout(again, isMoving ? MOVING_MS : LOOK_EVERY_MS);
  }
  document.addEventListener("visibilitychange", again);
  return again;
}

document.addEventListener("signed-out", () => {
  const banner = make("p", { className: "banner bad", text: "You are signed out. " });
  const path = `/auth/google/login?${new URLSearchParams({ return_to: location.pathname })}`;
  banner.append(make("a", { className: "button", href: path, text: "Sign in again" }));
  replaceIfChanged(byId("banners"), [banner]);
});

byId("sign-out").addEventListener("click", async () => {
  if (await attempt("Not signed out", () => ask("POST", "/auth/logout"))) location.assign("/");
});
