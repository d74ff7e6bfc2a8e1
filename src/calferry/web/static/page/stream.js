/** Server-sent events by `fetch`, which unlike `EventSource` tells why a stream is refused. */

import { Refused, send } from "./api.js";

const RETRY_MS = 3000;

/** Reads a stream until `onFrame` returns true or the signal is aborted, coming back with the last id after each break.
 * `onOpen(isOpen)` hears of breaks. Throws `Refused` where coming back is of no use. */
export async function follow(address, onFrame, { signal, onOpen = () => {} } = {}) {
  const place = { id: "", retryMs: RETRY_MS };
  while (!signal?.aborted) {
    let waitMs = 0;
    try {
      const headers = place.id ? { "Last-Event-ID": place.id } : {};
      const answer = await send(address, { headers, signal, cache: "no-store" });
      if (answer.status === 204) return;
      onOpen(true);
      for await (const frame of framesOf(answer.body, place)) {
        if (onFrame(frame)) return;
      }
    } catch (error) {
      if (signal?.aborted) return;
      if (error instanceof Refused && !error.problem.retryable) throw error;
      waitMs = 1000 * (error.problem?.retry_after_s ?? 0);
    }
    onOpen(false);
    await pause(waitMs || place.retryMs, signal);
  }
}

async function* framesOf(body, place) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  let frame = { event: "message", data: [] };
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const lines = (text + value).split("\n");
      text = lines.pop();
      for (const line of lines) {
        if (line) read(line, frame, place);
        else {
          if (frame.data.length) yield { event: frame.event, body: JSON.parse(frame.data.join("\n")) };
          frame = { event: "message", data: [] };
        }
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

function read(line, frame, place) {
  const colon = line.indexOf(":");
  const [name, value] = colon < 0 ? [line, ""] : [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, "")];
  if (name === "data") frame.data.push(value);
  else if (name === "event") frame.event = value;
  else if (name === "id") place.id = value;
  else if (name === "retry") place.retryMs = Number(value);
}

/** Ends early when the browser is back on the network. */
function pause(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(over, ms);
    function over() {
      clearTimeout(timer);
      removeEventListener("online", over);
      signal?.removeEventListener("abort", over);
      resolve();
    }
    addEventListener("online", over);
    signal?.addEventListener("abort", over);
  });
}
