/** The public HTTP API, asked with the session cookie. */

const ANSWER_WITHIN_MS = 30_000;

/** A refusal, or no answer at all: `problem` is the RFC 9457 body. */
export class Refused extends Error {
  constructor(problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

const OFFLINE = { status: 0, code: "offline", detail: "The service cannot be reached.", retryable: true };

export async function send(address, init = {}) {
  let answer;
  try {
    answer = await fetch(address, init);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(OFFLINE);
  }
  if (answer.ok) return answer;
  const problem = await answer.json().catch(() => ({ detail: answer.statusText }));
  if (answer.status === 401) document.dispatchEvent(new Event("signed-out"));
  throw new Refused({ status: answer.status, ...problem });
}

/** Answers `{status, body, etag}`; throws `Refused`. */
export async function ask(method, path, { query, body, headers = {}, signal } = {}) {
  const address = query ? `${path}?${new URLSearchParams(query)}` : path;
  const init = { method, headers: { ...headers }, signal };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers["Content-Type"] = "application/json";
  }
  const answer = await send(address, init);
  const text = await answer.text();
  return { status: answer.status, body: text ? JSON.parse(text) : null, etag: answer.headers.get("ETag") };
}

/** What is read may be read again: who waits for an answer that never comes, as after a laptop slept, does not wait for ever. */
export async function get(path, query) {
  return (await ask("GET", path, { query, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) })).body;
}

export const eventPath = (calendarId, eventId = "") =>
  `/calendar/calendars/${encodeURIComponent(calendarId)}/events${eventId && "/" + encodeURIComponent(eventId)}`;
