// What Try it, Numbers and Line share: sliders, numbers as people read them, requests one at a time.

import { h } from "../api.js";

// The style sheet of these tabs, fetched when the first of them is opened.
export function sheet() {
  if (document.getElementById("tabs-style")) return;
  document.head.append(h("link", { id: "tabs-style", rel: "stylesheet", href: "tabs/tabs.css" }));
}

// A knob: its name, its number to type, its slider. `log` spreads the slider evenly over powers of ten.
// Gives { element, value, set(value) }; `onchange` is called with each new value.
export function knob({ label, name, min, max, step = "any", value, log = false, digits = 4, whole = false, onchange }) {
  const clean = (number) => {
    const bounded = Math.min(max, Math.max(min, Number.isFinite(Number(number)) ? Number(number) : min));
    return whole ? Math.round(bounded) : Number(bounded.toPrecision(digits));
  };
  const place = (number) => (log ? (1000 * Math.log(number / min)) / Math.log(max / min) : number);
  const number = (at) => (log ? min * (max / min) ** (at / 1000) : at);
  const id = `knob-${name}`;
  const range = h("input", {
    type: "range", min: log ? 0 : min, max: log ? 1000 : max, step: log ? 1 : step, ariaLabel: label, name,
  });
  const box = h("input", { type: "number", class: "value", id, min, max, step: "any", inputMode: "decimal" });
  const self = { element: h("div", { class: "knob" }, h("label", { for: id }, label), box, range), value: clean(value) };
  const show = () => {
    range.value = place(self.value);
    range.setAttribute("aria-valuetext", String(self.value));
    box.value = self.value;
  };
  const take = (wished) => {
    self.value = clean(wished);
    onchange?.(self.value);
  };
  self.set = (wished) => {
    self.value = clean(wished);
    show();
  };
  range.addEventListener("input", () => {
    take(number(Number(range.value)));
    range.setAttribute("aria-valuetext", String(self.value));
    box.value = self.value;
  });
  box.addEventListener("change", () => {
    if (box.value !== "") take(Number(box.value));
    show();
  });
  show();
  return self;
}

// What a tab begins with: its usual state, and of the address those values that can be. A rule is [least, most],
// with whole numbers alone where a third entry says so, or a function.
export function sane(start, state, rules) {
  const fits = (rule, value) => {
    if (typeof rule === "function") return rule(value);
    const [low, high, isWhole] = rule;
    return typeof value === "number" && value >= low && value <= high && (!isWhole || Number.isInteger(value));
  };
  const good = Object.entries(rules).filter(([name, rule]) => Object.hasOwn(state, name) && fits(rule, state[name]));
  return { ...start, ...Object.fromEntries(good.map(([name]) => [name, state[name]])) };
}

// A list to choose from: options are [value, text] pairs. Gives { element, select }.
export function choice({ label, name, options, value, onchange }) {
  const id = `choice-${name}`;
  const select = h("select", { id, name }, options.map(([key, text]) => h("option", { value: key }, text)));
  select.value = value;
  select.addEventListener("change", () => onchange(select.value));
  return { element: h("div", { class: "knob" }, h("label", { for: id }, label), select), select };
}

// A number as the server says it, where JSON has none as text.
export const real = (value) => (typeof value === "number" ? value : { inf: Infinity, "-inf": -Infinity, nan: NaN }[value]);

// A number for people: four digits, ∞ and NaN by name.
export function shown(value, digits = 4) {
  const number = real(value);
  if (Number.isNaN(number)) return "NaN";
  if (!Number.isFinite(number)) return number > 0 ? "∞" : "−∞";
  if (number === 0) return "0";
  const size = Math.abs(number);
  const text = size >= 1e5 || size < 1e-3 ? number.toExponential(digits - 2) : String(Number(number.toPrecision(digits)));
  return text.replace("-", "−").replace("e+", "e").replace("e-", "e−").replace("e−", "e−");
}

export const percent = (share, digits = 1) => `${(100 * share).toFixed(digits)}%`;

// Sends the newest wish once the last is answered, so that dragging neither floods nor starves.
// `ask(wish, signal)` gives a promise; `show(answer)` is called with each answer that is still wanted.
export function steady(ask, show, fail) {
  const controller = new AbortController();
  let busy = false;
  let next;
  const send = async (wish) => {
    next = { wish };
    if (busy) return;
    busy = true;
    while (next && !controller.signal.aborted) {
      const { wish: now } = next;
      next = undefined;
      try {
        const answer = await ask(now, controller.signal);
        if (!controller.signal.aborted) show(answer, now);
      } catch (error) {
        if (!controller.signal.aborted && !next) fail(error);
      }
    }
    busy = false;
  };
  send.stop = () => controller.abort();
  return send;
}

export const toBase64 = (bytes) => {
  let text = "";
  for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
  return btoa(text);
};
