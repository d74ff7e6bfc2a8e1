/** What has just happened, at the edge of the page, said to screen readers too. */

import { button, byId, make } from "./elements.js";

const SHOWN_MS = 8000;

/** `actions` are `[text, function]`; a notice with a trouble or with something to decide stays until it is dismissed. */
export function tell(text, { actions = [], trouble = false } = {}) {
  const notice = make("div", { className: trouble ? "notice bad" : "notice" }, make("p", { text }));
  if (trouble) notice.setAttribute("role", "alert");
  for (const [label, act] of actions) {
    notice.append(button(label, () => (notice.remove(), act())));
  }
  const dismiss = button("×", () => notice.remove(), "close");
  dismiss.setAttribute("aria-label", "Dismiss");
  notice.append(dismiss);
  byId("notices").append(notice);
  if (!trouble) setTimeout(() => notice.remove(), SHOWN_MS);
  return notice;
}

export const tellRefusal = (what, error) => tell(`${what}: ${error.message}`, { trouble: true });

/** Runs `work`, and tells where it was refused; true if it was not. */
export async function attempt(what, work) {
  try {
    await work();
    return true;
  } catch (error) {
    tellRefusal(what, error);
    return false;
  }
}
