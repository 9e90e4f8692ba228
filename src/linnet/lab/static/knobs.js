// The knobs of a training: how each is shown. Train and Sweep use them.

import { h } from "./api.js";
import { settings } from "./settings.js";

export const OPTIMIZERS = settings.optimizers;
export const AUGMENTATIONS = [...settings.augmentations, "shift:2+rotate:10", "shift:2+flip:0.5"];

// A choice among named things, each with its text, or its name where it has none: [[name, text], …].
export const named = (t, kind, names) => names.map((name) => [name, textOf(t, `knobs.${kind}.${name}`, name)]);

// A text that not every knob, or value, has.
export const textOf = (t, key, otherwise = "") => (t(key) === key ? otherwise : t(key));

// Values on a slider: `at(place)` for places 0…steps, and the place nearest to a value.
const logarithmic = (low, high, perDecade, zero = false) => {
  const shift = zero ? 1 : 0;
  const steps = Math.round(Math.log10(high / low) * perDecade) + shift;
  return {
    steps,
    at: (place) => (zero && place === 0 ? 0 : Number((low * 10 ** ((place - shift) / perDecade)).toPrecision(2))),
    place: (value) => (value <= 0 ? 0 : Math.round(Math.log10(value / low) * perDecade) + shift),
  };
};
const straight = (low, high, step) => ({
  steps: Math.round((high - low) / step),
  at: (place) => Number((low + place * step).toPrecision(6)),
  place: (value) => Math.round((value - low) / step),
});
const powers = (low, high) => ({
  steps: high - low,
  at: (place) => 2 ** (low + place),
  place: (value) => Math.round(Math.log2(Math.max(1, value))) - low,
});

export const SLIDERS = {
  lr: { scale: logarithmic(1e-4, 10, 20), min: 0, max: 1000, value: 0.1 },
  batch_size: { scale: powers(3, 12), min: 1, max: 65536, whole: true, value: 256 },
  epochs: { scale: straight(1, 50, 1), min: 1, max: 200, whole: true, value: 10 },
  std: { scale: logarithmic(1e-4, 10, 5, true), min: 0, max: 100, value: 0.01 },
  l2: { scale: logarithmic(1e-6, 1, 4, true), min: 0, max: 100, value: 0 },
  l1: { scale: logarithmic(1e-6, 0.1, 4, true), min: 0, max: 100, value: 0 },
  dropout: { scale: straight(0, 0.95, 0.05), min: 0, max: 0.99, value: 0 },
};

// Whether a value, which may come of an address that somebody has edited, is one that a knob can have.
export function isGood(name, value) {
  if (name in SLIDERS) {
    const { min, max, whole } = SLIDERS[name];
    return typeof value === "number" && value >= min && value <= max && (!whole || Number.isInteger(value));
  }
  if (name === "optimizer") return OPTIMIZERS.includes(value);
  if (name === "augment" || name === "dataset") return typeof value === "string";
  if (name === "standardize") return typeof value === "boolean";
  if (name === "seed" || name === "patience") return (value === null && name === "patience") || (Number.isInteger(value) && value >= 1);
  return false;
}

export function shown(value) {
  if (value === 0 || (Math.abs(value) >= 1e-3 && Math.abs(value) < 1e5)) return String(Number(value.toPrecision(6)));
  return value.toExponential().replace("e+", "e");
}

// R², which is a share at best and far below 0 at worst.
export const share = (value, digits) => (!Number.isFinite(value) ? "–" : value > -10 ? value.toFixed(digits) : shown(Number(value.toPrecision(2))));

// A slider with a number beside it that can be typed; `onchange(value)` is called at every move.
export function slider(t, name, value, onchange) {
  const { scale, min, max, whole } = SLIDERS[name];
  const range = h("input", {
    type: "range", id: `knob-${name}`, min: "0", max: String(scale.steps), step: "1", title: textOf(t, `knobs.hint.${name}`),
  });
  const number = h("input", { type: "text", inputMode: "decimal", class: "value", ariaLabel: t(`knobs.${name}`), autocomplete: "off", spellcheck: false });
  const put = (next, isTyped) => {
    value = next;
    if (!isTyped) number.value = shown(value);
    range.value = String(Math.min(scale.steps, Math.max(0, scale.place(value))));
    range.setAttribute("aria-valuetext", shown(value));
  };
  range.addEventListener("input", () => {
    put(scale.at(Number(range.value)));
    onchange(value);
  });
  number.addEventListener("change", () => {
    const typed = Number(number.value);
    const isGood = number.value.trim() !== "" && Number.isFinite(typed) && typed >= min && typed <= max && (!whole || Number.isInteger(typed));
    number.setCustomValidity(isGood ? "" : `${min}…${max}`);
    number.reportValidity();
    if (!isGood || typed === value) return;
    put(typed);
    onchange(value);
  });
  number.addEventListener("blur", () => {
    if (number.checkValidity()) return;
    number.setCustomValidity("");
    put(value);
  });
  put(value);
  const element = h("div", { class: "knob" }, h("label", { htmlFor: range.id }, t(`knobs.${name}`)), number, range);
  return { element, set: put };
}

// A choice of a few; `options` is [[value, text], …], and `onchange` gets the value.
export function choice(t, name, options, value, onchange) {
  const select = h("select", { id: `knob-${name}`, title: textOf(t, `knobs.hint.${name}`) });
  const fill = (some) => select.replaceChildren(...some.map(([key, text]) => h("option", { value: JSON.stringify(key) }, text)));
  fill(options);
  const put = (next) => {
    const text = JSON.stringify(next);
    if (![...select.options].some((option) => option.value === text)) select.append(h("option", { value: text }, String(next)));
    select.value = text;
  };
  put(value);
  select.addEventListener("change", () => onchange(JSON.parse(select.value)));
  return { element: h("div", { class: "knob" }, h("label", { htmlFor: select.id }, t(`knobs.${name}`)), select), set: put, fill };
}

export function check(t, name, value, onchange) {
  const box = h("input", { type: "checkbox", id: `knob-${name}`, checked: value, title: textOf(t, `knobs.hint.${name}`) });
  box.addEventListener("change", () => onchange(box.checked));
  return {
    element: h("div", { class: "knob" }, h("label", { htmlFor: box.id }, t(`knobs.${name}`)), box),
    set: (next) => (box.checked = next),
  };
}

// The names of data sets for a choice: [[name, text], …].
export function datasets(t, known) {
  return known.map(({ name, title, is_there, parts }) => {
    const text = textOf(t, `knobs.data.${name}`, parts ? t("knobs.data_parts", { title, ...parts }) : title);
    return [name, is_there ? text : t("knobs.download", { name: text })];
  });
}

export const titleOf = (t, known, name) => datasets(t, known.map((one) => ({ ...one, is_there: true }))).find(([key]) => key === name)?.[1] ?? name;
