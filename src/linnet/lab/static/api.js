// What every module uses: elements, requests, and numbers that come as base64.

const page = [...crypto.getRandomValues(new Uint8Array(12))].map((n) => n.toString(16).padStart(2, "0")).join("");

export class LabError extends Error {
  constructor(detail, status = 0, kind = "") {
    super(detail);
    this.status = status;
    this.kind = kind; // "diverged", "failed", "gone", or "" for a refusal
  }
}

// The lab does not answer, or ended in the middle of its answer.
export class Gone extends LabError {
  constructor() {
    super("the lab does not answer: start linnet lab again", 0, "gone");
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
    throw new Gone();
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

// Sends a form, which may be large; `onShare` gets how much of it has gone, from 0 to 1.
export function sendForm(path, form, onShare, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch does not tell
    request.open("POST", path);
    request.setRequestHeader("X-Linnet-Page", page);
    request.upload.onprogress = ({ loaded, total }) => onShare(total ? loaded / total : 1);
    request.onload = async () => {
      const response = new Response(request.responseText, { status: request.status, statusText: request.statusText });
      if (response.ok) resolve(await response.json());
      else reject(new LabError(await reason(response), response.status));
    };
    request.onerror = () => reject(new Gone());
    request.onabort = () => reject(new DOMException("", "AbortError"));
    signal.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}

const LAST = ["end", "fetched", "model"]; // the frames that work ends with

// Frames of NDJSON, each handed to `onFrame`; resolves when the work has ended. A frame of kind "diverged" or
// "failed" becomes a LabError, and so does an end that comes too soon.
export async function stream(path, body, onFrame, signal) {
  const response = await ask(path, body, signal);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let isWhole = false;
  for (;;) {
    const { done, value } = await next(reader);
    if (done || signal?.aborted) break;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      const frame = JSON.parse(line);
      if (frame.kind === "diverged" || frame.kind === "failed") throw new LabError(frame.detail, 200, frame.kind);
      isWhole ||= LAST.includes(frame.kind);
      onFrame(frame);
      if (signal?.aborted) return;
    }
  }
  if (!isWhole && !signal?.aborted) throw new Gone();
}

async function next(reader) {
  try {
    return await reader.read();
  } catch (error) {
    throw error.name === "AbortError" ? error : new Gone();
  }
}

function bytes(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

export const floats = (text) => new Float32Array(bytes(text).buffer);
export const integers = (text) => new Int32Array(bytes(text).buffer);
export const octets = bytes;
