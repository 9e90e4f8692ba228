// The knobs of a training: how each is shown, and its text in both languages. Train and Sweep use them.

import { h } from "./api.js";
import { settings } from "./settings.js";

export const words = {
  en: {
    dataset: "Data", lr: "Learning rate η", batch_size: "Batch size", epochs: "Epochs", std: "Initial σ",
    optimizer: "Optimizer", l2: "L2 penalty", l1: "L1 penalty", dropout: "Dropout", augment: "Augmentation",
    patience: "Early stopping", standardize: "Standardise features", seed: "Seed", momentum: "Momentum",
    "optimizer.sgd": "SGD", "optimizer.momentum": "SGD, momentum", "optimizer.nesterov": "Nesterov", "optimizer.adam": "Adam",
    "augment.none": "none", "augment.shift:2": "shift", "augment.flip:0.5": "flip", "augment.rotate:10": "rotate",
    "augment.scale:0.1": "resize", "augment.cutout:8": "cut out", "augment.noise:0.1": "noise",
    "augment.shift:2+rotate:10": "shift and rotate", "augment.shift:2+flip:0.5": "shift and flip",
    "patience.off": "off", "patience.n": "after {n} epochs",
    "data.digits": "Digits (8 × 8)", data_parts: "{title}: {train} to train, {validation} to validate, {test} to test on",
    download: "{name} (download)",
    "hint.lr": "How far a step goes.", "hint.std": "The spread of the weights at the start.",
    "hint.l2": "Keeps weights small.", "hint.l1": "Makes weights exactly zero.",
    "hint.dropout": "The share of pixels left out at random.",
    "hint.augment": "Images changed at random, anew in each epoch.",
    "hint.patience": "Stop when the loss on held-out rows gets no better, and keep the best weights.",
    "hint.standardize": "Bring each column to mean 0 and deviation 1: for tables.",
  },
  zh: {
    dataset: "数据", lr: "学习率 η", batch_size: "批量大小", epochs: "轮数", std: "初始 σ",
    optimizer: "优化器", l2: "L2 惩罚", l1: "L1 惩罚", dropout: "暂退（dropout）", augment: "数据增广",
    patience: "提前停止", standardize: "特征标准化", seed: "随机种子", momentum: "动量",
    "optimizer.sgd": "SGD", "optimizer.momentum": "带动量的 SGD", "optimizer.nesterov": "Nesterov", "optimizer.adam": "Adam",
    "augment.none": "无", "augment.shift:2": "平移", "augment.flip:0.5": "翻转", "augment.rotate:10": "旋转",
    "augment.scale:0.1": "缩放", "augment.cutout:8": "遮挡", "augment.noise:0.1": "噪声",
    "augment.shift:2+rotate:10": "平移并旋转", "augment.shift:2+flip:0.5": "平移并翻转",
    "patience.off": "关闭", "patience.n": "{n} 轮后",
    "data.digits": "手写数字（8 × 8）", data_parts: "{title}：训练 {train}，验证 {validation}，测试 {test}",
    download: "{name}（需下载）",
    "hint.lr": "每一步走多远。", "hint.std": "初始权重的分散程度。",
    "hint.l2": "使权重保持较小。", "hint.l1": "使部分权重恰好为零。",
    "hint.dropout": "随机略去的像素所占的比例。",
    "hint.augment": "每一轮都重新随机改变图像。",
    "hint.patience": "留出样本上的损失不再下降时停止，并保留最好的权重。",
    "hint.standardize": "把每一列变为均值 0、标准差 1：用于表格。",
  },
};

export const OPTIMIZERS = settings.optimizers;
export const AUGMENTATIONS = [...settings.augmentations, "shift:2+rotate:10", "shift:2+flip:0.5"];

// A choice among named things, each with its text, or its name where it has none: [[name, text], …].
export const named = (t, kind, names) => names.map((name) => [name, t(`${kind}.${name}`) === `${kind}.${name}` ? name : t(`${kind}.${name}`)]);

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

// A slider with a number beside it that can be typed; `onchange(value)` is called at every move.
export function slider(t, name, value, onchange) {
  const { scale, min, max, whole } = SLIDERS[name];
  const range = h("input", {
    type: "range", id: `knob-${name}`, min: "0", max: String(scale.steps), step: "1", title: t(`hint.${name}`).startsWith("hint.") ? "" : t(`hint.${name}`),
  });
  const number = h("input", { type: "text", inputMode: "decimal", class: "value", ariaLabel: t(name), autocomplete: "off", spellcheck: false });
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
  const element = h("div", { class: "knob" }, h("label", { htmlFor: range.id }, t(name)), number, range);
  return { element, set: put };
}

// A choice of a few; `options` is [[value, text], …], and `onchange` gets the value.
export function choice(t, name, options, value, onchange) {
  const select = h("select", { id: `knob-${name}`, title: t(`hint.${name}`).startsWith("hint.") ? "" : t(`hint.${name}`) });
  const fill = (some) => select.replaceChildren(...some.map(([key, text]) => h("option", { value: JSON.stringify(key) }, text)));
  fill(options);
  const put = (next) => {
    const text = JSON.stringify(next);
    if (![...select.options].some((option) => option.value === text)) select.append(h("option", { value: text }, String(next)));
    select.value = text;
  };
  put(value);
  select.addEventListener("change", () => onchange(JSON.parse(select.value)));
  return { element: h("div", { class: "knob" }, h("label", { htmlFor: select.id }, t(name)), select), set: put, fill };
}

export function check(t, name, value, onchange) {
  const box = h("input", { type: "checkbox", id: `knob-${name}`, checked: value, title: t(`hint.${name}`) });
  box.addEventListener("change", () => onchange(box.checked));
  return {
    element: h("div", { class: "knob" }, h("label", { htmlFor: box.id }, t(name)), box),
    set: (next) => (box.checked = next),
  };
}

// The names of data sets for a choice: [[name, text], …].
export function datasets(t, known) {
  return known.map(({ name, title, is_there, parts }) => {
    const key = `data.${name}`;
    const text = t(key) !== key ? t(key) : parts ? t("data_parts", { title, ...parts }) : title;
    return [name, is_there ? text : t("download", { name: text })];
  });
}

export const titleOf = (t, known, name) => datasets(t, known.map((one) => ({ ...one, is_there: true }))).find(([key]) => key === name)?.[1] ?? name;
