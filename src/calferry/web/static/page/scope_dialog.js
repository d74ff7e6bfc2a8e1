/** Which occurrences of a series an edit is for. */

import { byId } from "./elements.js";

/** `this`, `following` or `all`; an empty text where the person thinks better of it. */
export function askScope(question) {
  const dialog = byId("scope-dialog");
  dialog.returnValue = "";
  byId("scope-question").textContent = question;
  dialog.querySelector("input[value=this]").checked = true;
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(chosen(dialog)), { once: true }));
}

const chosen = (dialog) => (dialog.returnValue === "save" ? dialog.querySelector("input:checked").value : "");
