// What every module uses: elements, requests, and numbers that come as base64.

const page = [...crypto.getRandomValues(new Uint8Array(12))].map((n) => n.toString(16).padStart(2, "0")).join("");

export class LabError extends Error {
  constructor(detail, status = 0, kind = "") {
    super(detail);
    this.status = status;
    this.kind = kind; // "diverged", "failed", "gone", or "" for a refusal
  }
}

// An element: h("button", { type: "button", onclick: f, class: "quiet", ariaLabel: "…" }, "text", other).
// Properties that an element has are set, others become attributes; null and undefined leave it out.
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined) continue;
    if (name === "class") element.className = value;
    else if (name === "dataset") Object.assign(element.dataset, value);
    else if (name in element && name !== "list" && name !== "form") element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

async function ask(path, body, signal) {
  const isForm = body instanceof FormData || body instanceof Blob;
  const headers = { "X-Linnet-Page": page };
  if (body !== undefined && !isForm) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, {
      method: body === undefined ? "GET" : "POST",
      headers,
      body: body === undefined || isForm ? body : JSON.stringify(body),
      signal,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new LabError("the lab does not answer: start linnet lab again", 0, "gone");
  }
  if (!response.ok) throw new LabError(await reason(response), response.status);
  return response;
}

async function reason(response) {
  try {
    return (await response.json()).detail ?? response.statusText;
  } catch {
    return `${response.status} ${response.statusText}`;
  }
}

export async function json(path, body, signal) {
  return (await ask(path, body, signal)).json();
}

// Frames of NDJSON, each handed to `onFrame`; resolves when the work has ended. A frame of kind "diverged" or
// "failed" becomes a LabError.
export async function stream(path, body, onFrame, signal) {
  const response = await ask(path, body, signal);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (signal?.aborted) return;
      const frame = JSON.parse(line);
      if (frame.kind === "diverged" || frame.kind === "failed") throw new LabError(frame.detail, 200, frame.kind);
      onFrame(frame);
    }
  }
  if (rest) throw new LabError("the lab stopped in the middle: start linnet lab again", 0, "gone");
}

function bytes(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

export const floats = (text) => new Float32Array(bytes(text).buffer);
export const integers = (text) => new Int32Array(bytes(text).buffer);
export const octets = bytes;
