// Try it: draw, drop or pick a picture; what the model says of it, why, and how sure it is.

import { octets } from "../api.js";
import { titleOf } from "../knobs.js";
import { choice, knob, percent, sane, sheet, shown, steady, toBase64 } from "./parts.js";
import { formCard } from "./form.js";
import { sketch } from "./sketch.js";

const START = { alpha: 0.1, method: "lac" };
const MAX_BYTES = 8 << 20;
const SHOWN = 24;
const COLUMNS = 12;

export function mount(root, lab) {
  sheet();
  const { t } = lab;
  const ended = new AbortController();
  lab.say(t("try.training"));
  open(lab, ended.signal).then((model) => {
    if (ended.signal.aborted) return;
    lab.say(model.isLost ? t("try.gone") : "");
    root.replaceChildren(desk(lab, model, ended));
  }, (error) => {
    if (!ended.signal.aborted) lab.fail(error);
  });
  return () => ended.abort();
}

// The model that is loaded, or the one the lab trains where there is none, or no longer.
async function open(lab, signal) {
  const loaded = lab.model();
  const known = (id) => lab.json("/api/try/model", { model: id }, signal);
  if (!loaded) return known(await usual(lab, signal));
  try {
    return await known(loaded.id);
  } catch (error) {
    if (error.status !== 404) throw error;
    return { ...(await known(await usual(lab, signal))), isLost: true };
  }
}

// The id of the model that the lab trains, in its turn, where it has not yet.
async function usual(lab, signal) {
  const { t } = lab;
  let id;
  await lab.stream("/api/try/train", {}, (frame) => {
    if (frame.kind === "waiting") lab.say(t("try.waiting", { n: frame.ahead }));
    else if (frame.kind === "progress") lab.say(t("try.progress", frame));
    else id = frame.id;
  }, signal);
  return id;
}

// What can be asked of this model: the address may have been made with another.
function rulesOf({ classes, rows, image_shape: shape, fields }) {
  const isPicture = (text) => {
    if (!shape || typeof text !== "string") return false;
    try {
      return octets(fromUrl(text)).length === shape.reduce((product, n) => product * n);
    } catch {
      return false; // the address was cut
    }
  };
  const klass = [0, classes.length - 1, true];
  return {
    row: [0, rows - 1, true], pixels: isPicture, explain: klass, against: klass, label: klass, alpha: [0.01, 0.5],
    cells: (value) => fields.length > 0 && value !== null && typeof value === "object" && Object.values(value).every((cell) => typeof cell === "string"),
    method: (name) => name === "lac" || name === "aps", wrong: (value) => value === true,
  };
}

function desk(lab, model, ended) {
  const { h, t } = lab;
  const { classes } = model;
  const [height, width] = model.image_shape ?? [0, 0];
  const state = sane(START, lab.state, rulesOf(model));
  if (state.against === state.explain) state.against = undefined;
  for (const name of Object.keys(lab.state)) if (!(name in state)) lab.state[name] = undefined;
  let last = {};
  let done = { steps: [] }; // to the picture that was prepared last

  const classify = steady((wish, signal) => lab.json("/api/try", wish, signal), show, lab.fail);
  const prepare = steady(
    async (wish, signal) => lab.json("/api/try/picture", { model: model.id, file: await inBase64(await wish.file()), invert: wish.invert }, signal),
    (made, wish) => {
      if (wish.puts) canvas.put(octets(made.pixels), width, height);
      Object.assign(state, { pixels: urlSafe(made.pixels), row: undefined });
      done = { pixels: state.pixels, steps: made.steps };
      ask();
    },
    lab.fail,
  );
  ended.signal.addEventListener("abort", () => [classify, prepare].forEach((one) => one.stop()));

  const canvas = sketch(lab, drawn);
  const form = model.fields.length ? formCard(lab, model.fields, state.cells ?? {}, typed) : null;
  const copied = h("div", { class: "copied" });
  const copies = lab.copy(copied, () => last);
  const answer = h("div", { class: "stack answers" });
  const explain = choice({
    label: t("try.explain"), name: "explain", value: String(state.explain ?? ""), options: [["", "—"], ...classes.map((name, k) => [String(k), name])],
    onchange: (k) => change("explain", k === "" ? undefined : Number(k)),
  });
  const against = choice({
    label: t("try.against"), name: "against", value: String(state.against ?? ""),
    options: [["", t("try.nobody")], ...classes.map((name, k) => [String(k), name])],
    onchange: (k) => change("against", k === "" ? undefined : Number(k)),
  });
  const alpha = knob({
    label: t("try.alpha"), name: "alpha", min: 0.01, max: 0.5, step: 0.01, digits: 2, value: state.alpha, onchange: (value) => change("alpha", value),
  });
  const method = choice({
    label: t("try.method"), name: "method", value: state.method, options: ["lac", "aps"].map((name) => [name, t(`try.${name}`)]), onchange: (name) => change("method", name),
  });

  function change(name, value) {
    state[name] = value;
    if (state.against !== undefined && state.against === state.explain) {
      state.against = undefined;
      against.select.value = "";
    }
    ask();
  }

  // What stands in the state is asked of the model.
  function ask() {
    lab.save({ ...state });
    if (state.row === undefined && state.pixels === undefined && !form) {
      lab.say(t("try.blank"));
      return;
    }
    const what = state.row !== undefined ? { row: state.row } : form ? { cells: form.cells() } : { pixels: fromUrl(state.pixels) };
    classify({
      model: model.id, ...what, explain: state.explain ?? null, against: state.against ?? null, alpha: state.alpha, method: state.method,
    });
  }

  function typed() {
    const changed = form.changed();
    Object.assign(state, { row: undefined, cells: Object.keys(changed).length ? changed : undefined });
    ask();
  }

  function drawn() {
    prepare({ file: canvas.file, invert: false, puts: false });
  }

  function pick(row) {
    Object.assign(state, { row, pixels: undefined, explain: undefined, against: undefined });
    explain.select.value = against.select.value = "";
    ask();
  }

  function take(file) {
    if (!file || !model.image_shape) return;
    if (file.size > MAX_BYTES) {
      lab.fail(new Error(t("try.large", { size: Math.ceil(file.size / 2 ** 20) })));
      return;
    }
    Object.assign(state, { explain: undefined, against: undefined });
    explain.select.value = against.select.value = "";
    prepare({ file: async () => file, invert: { "": null, true: true, false: false }[invert.select.value], puts: true });
  }

  function show(found, wish) {
    lab.say("");
    last = { python: found.python, command: found.command };
    copies.refresh();
    form?.mark(found.cells);
    if (wish.row !== undefined && found.pixels) canvas.put(octets(found.pixels), width, height);
    const explained = found.explanation;
    const steps = wish.pixels && urlSafe(wish.pixels) === done.pixels ? done.steps : [];
    answer.replaceChildren(
      ...(found.nothing ? [blankCard(lab, octets(found.pixels)[0], steps)] : []),
      classes.length ? says(lab, model, found, wish, (k) => {
        explain.select.value = String(k);
        change("explain", k);
      }) : saysNumber(lab, model, found, wish),
      h("div", { class: classes.length ? "pair" : "" }, h("section", { class: "card why", ariaLabel: t("try.why") },
        h("h2", {}, t(model.image_shape ? "try.why" : "try.whyColumns")), classes.length ? h("div", { class: "chosen" }, explain.element, against.element) : null,
        ...why(lab, model, explained, found, wish)),
      found.set ? h("section", { class: "card", ariaLabel: t("try.set") }, h("h2", {}, t("try.set")), setOf(lab, model, found.set), alpha.element, method.element) : null),
    );
    explain.select.value = String(explained.explain);
    for (const option of against.select.options) option.disabled = option.value === String(explained.explain);
  }

  const invert = choice({
    label: t("try.invert"), name: "invert", value: "", options: model.image_shape?.length === 3 ? [["", t("try.never")], ["true", t("try.always")]]
      : [["", t("try.byBorder")], ["true", t("try.always")], ["false", t("try.never")]], onchange: () => {},
  });
  const easel = model.image_shape ? easelCard(lab, canvas, invert, take) : null;
  if (easel) listen(easel, take, ended.signal);
  const about = h("p", { class: "soft about" }, t(classes.length ? "try.modelIs" : "try.numberModelIs", { name: titleOf(t, [{ name: model.dataset, title: model.name }], model.dataset), accuracy: percent(model.accuracy), rows: model.rows, r2: shown(model.figures.r2 ?? "nan", 3), rmse: shown(model.figures.rmse ?? "nan") }), " ",
    model.is_default ? t("try.isDefault") : "");
  const gallery = galleryCard(lab, model, state, pick, ended.signal);
  if (state.pixels !== undefined) canvas.put(octets(fromUrl(state.pixels)), width, height);
  if (state.row === undefined && state.pixels === undefined && !form) state.row = 0;
  ask();
  return h("div", { class: "columns try" }, h("div", { class: "stack" }, easel, form?.element, gallery), h("div", { class: "stack" }, about, answer, copied));
}

function easelCard(lab, canvas, invert, take) {
  const { h, t } = lab;
  const brush = knob({
    label: t("try.brush"), name: "brush", min: 4, max: 60, step: 1, whole: true, value: canvas.brush, onchange: (value) => (canvas.brush = value),
  });
  const eraser = h("button", {
    type: "button", class: "small", ariaPressed: "false",
    onclick: () => {
      canvas.erases = !canvas.erases;
      eraser.ariaPressed = String(canvas.erases);
    },
  }, t("try.eraser"));
  const file = h("input", { type: "file", accept: "image/png,image/jpeg,image/webp,image/tiff,image/bmp,image/gif", class: "visually-hidden", id: "try-file", onchange: () => take(file.files[0]) });
  return h("section", { class: "card easel", ariaLabel: t("try.picture") },
    h("h2", {}, t("try.picture")), h("p", { class: "soft" }, t("try.draw")), canvas.element,
    h("div", { class: "row tools" }, eraser, h("button", { type: "button", class: "small", onclick: canvas.undo }, t("try.undo")),
      h("button", { type: "button", class: "small", onclick: canvas.clear }, t("try.clear")), file,
      h("label", { for: "try-file", class: "small button" }, t("try.choose"))),
    brush.element, invert.element);
}

// What stands in place of an answer where a picture has nothing on it.
function blankCard({ h, t }, level, steps) {
  const done = steps.map((step) => h("li", {}, t(`try.step_${step.name}`, step.values)));
  return h("section", { class: "card nothing-seen", role: "status", ariaLabel: t("try.answer") },
    h("h2", {}, t("try.nothing_seen")), h("p", {}, t("try.all_same", { level })), done.length ? [h("p", {}, t("try.done")), h("ul", {}, done)] : null);
}

// A picture dropped on the card, or pasted anywhere on the page.
function listen(card, take, signal) {
  const over = (event) => {
    event.preventDefault();
    card.classList.add("dropping");
  };
  card.addEventListener("dragover", over);
  card.addEventListener("dragleave", () => card.classList.remove("dropping"));
  card.addEventListener("drop", (event) => {
    event.preventDefault();
    card.classList.remove("dropping");
    take([...event.dataTransfer.files].find((file) => file.type.startsWith("image/")) ?? event.dataTransfer.files[0]);
  });
  addEventListener("paste", (event) => {
    const file = [...(event.clipboardData?.files ?? [])].find((one) => one.type.startsWith("image/"));
    if (!file) return;
    event.preventDefault();
    take(file);
  }, { signal });
}

// The test rows: of a class, only the mistakes, a page at a time or at random.
function galleryCard(lab, model, state, pick, signal) {
  const { h, t } = lab;
  const { classes } = model;
  const [height, width] = model.image_shape ?? [0, 0];
  let start = 0;
  let found = 0;
  const pictures = h("div", { class: "gallery", role: "group", ariaLabel: t("try.tests") });
  const count = h("span", { class: "soft" });
  const klass = choice({
    label: t("try.klass"), name: "label", value: String(state.label ?? ""), options: [["", t("try.all")], ...classes.map((name, k) => [String(k), name])],
    onchange: (k) => filter("label", k === "" ? undefined : Number(k)),
  });
  const wrong = h("input", { type: "checkbox", id: "only-wrong", name: "wrong", checked: Boolean(state.wrong) });
  wrong.addEventListener("change", () => filter("wrong", wrong.checked || undefined));
  const send = steady((wish, stop) => lab.json("/api/try/images", wish, stop), show, lab.fail);
  signal.addEventListener("abort", send.stop);

  function filter(name, value) {
    state[name] = value;
    lab.save({ [name]: value });
    start = 0;
    ask();
  }

  function ask() {
    send({ model: model.id, label: state.label ?? null, wrong: Boolean(state.wrong), start, count: SHOWN });
  }

  function show(page) {
    found = page.found;
    count.textContent = found ? t("try.found", { from: start + 1, to: start + page.rows.length, n: found }) : t("try.nothing");
    pictures.replaceChildren(...page.rows.map(({ row, label, guess, pixels }) => {
      const name = classes.length ? t(guess === label ? "try.row" : "try.taken", { row, label: classes[label], guess: classes[guess] }) : t("try.rowNumber", { row, label: shown(label), guess: shown(guess) });
      const face = pixels ? h("canvas", { width, height }) : h("span", {}, String(row));
      if (pixels) lab.images(face, octets(pixels), width, height, { limit: 255 });
      return h("button", { type: "button", class: guess === label || !classes.length ? "test" : "test mistaken", title: name, ariaLabel: name, dataset: { row }, onclick: () => pick(row) }, face);
    }));
  }

  function turn(by) {
    start = Math.max(0, Math.min(start + by, Math.floor(Math.max(0, found - 1) / SHOWN) * SHOWN));
    ask();
  }

  async function random() {
    if (!found) return;
    const wish = { model: model.id, label: state.label ?? null, wrong: Boolean(state.wrong), start: Math.floor(Math.random() * found), count: 1 };
    try {
      const page = await lab.json("/api/try/images", wish, signal);
      if (page.rows.length) pick(page.rows[0].row);
    } catch (error) {
      if (!signal.aborted) lab.fail(error);
    }
  }

  ask();
  const small = (key, onclick) => h("button", { type: "button", class: "small", onclick }, t(`try.${key}`));
  return h("section", { class: "card tests", ariaLabel: t("try.tests") }, h("h2", {}, t(model.image_shape ? "try.tests" : "try.testRows")), classes.length ? [klass.element,
    h("div", { class: "knob" }, h("label", { for: "only-wrong" }, t("try.wrong")), wrong)] : null, pictures,
    h("div", { class: "row tools" }, small("previous", () => turn(-SHOWN)), small("next", () => turn(SHOWN)), small("random", random), count));
}

// What the model sees, and the probability of each class: choosing one explains it.
function says(lab, model, found, wish, choose) {
  const { h, t } = lab;
  const { classes } = model;
  const [height, width] = model.image_shape ?? [0, 0];
  const held = new Set(found.set.classes);
  const bars = classes.map((name, k) => {
    const share = found.probabilities[k];
    const fill = h("span", { class: "fill" });
    fill.style.width = `${100 * share}%`;
    return h("button", {
      type: "button", class: `share ${k === found.guess ? "guess" : ""} ${held.has(k) ? "held" : ""}`, ariaLabel: `${name}: ${percent(share)}. ${t("try.explainThis", { name })}`,
      ariaPressed: String(k === found.explanation.explain), dataset: { klass: k, value: String(share) }, onclick: () => choose(k),
    }, h("span", { class: "name" }, name), h("span", { class: "track" }, fill), h("span", { class: "number" }, percent(share)));
  });
  const seen = model.image_shape ? h("canvas", { class: "seen", role: "img", ariaLabel: t("try.sees") }) : null;
  if (seen) lab.images(seen, octets(found.pixels), width, height, { limit: 255 });
  const truth = wish.row === undefined ? null : t("try.isRow", { row: wish.row, label: classes[found.label] });
  return h("section", { class: "card says", ariaLabel: t("try.answer") },
    h("div", {}, h("h2", {}, t(model.image_shape ? "try.sees" : "try.answer")), seen, found.nothing ? null : h("p", { class: "verdict-line" }, h("strong", { class: "guess-name" }, classes[found.guess])),
      truth ? h("p", { class: found.label === found.guess ? "soft" : "soft mistaken-text" }, truth) : null),
    h("div", {}, h("h2", {}, t(found.nothing ? "try.without" : "try.probabilities")), h("div", { class: "shares" }, bars), h("p", { class: "soft" }, t("try.inSet"))));
}

// The number that the model predicts, beside the true one of a test row.
function saysNumber(lab, model, found, wish) {
  const { h, t } = lab;
  return h("section", { class: "card says one", ariaLabel: t("try.answer") }, h("div", {}, h("h2", {}, t("try.predicts", { target: model.target || "y" })),
    h("p", { class: "verdict-line number" }, h("strong", { class: "guess-name", dataset: { value: String(found.prediction) } }, shown(found.prediction, 5))),
    wish.row === undefined ? null : h("p", { class: "soft" }, t("try.isNumber", { row: wish.row, label: shown(found.label, 5) }))));
}

// The parts of a score, which with the bias sum to it: as a picture, or the largest of the columns.
function why(lab, model, explained, found, wish) {
  const { h, t } = lab;
  const isTable = model.fields.length > 0;
  const name = model.classes[explained.explain];
  const other = explained.against === null ? null : model.classes[explained.against];
  const numbers = { pixels: shown(explained.pixels), bias: shown(explained.bias), score: shown(explained.score) };
  const sum = h("p", {
    class: "number sum", dataset: { pixels: explained.pixels, bias: explained.bias, score: explained.score },
  }, t(`try.${other === null ? "sum" : "difference"}${model.image_shape ? "" : "Columns"}`, numbers));
  if (isTable) {
    const cells = wish.cells ?? {};
    const texts = model.fields.map(({ name: column }) => (found.cells[column] ? t(`try.told_${found.cells[column]}`) : column in cells ? `= ${cells[column]}` : ""));
    const log = model.link === "log" && !model.classes.length ? h("p", { class: "soft" }, t("try.logScore")) : "";
    return [columns(lab, explained.by_column, model.fields.map((field) => field.name), texts), sum, log];
  }
  if (!model.image_shape) return [columns(lab, explained.parts, explained.parts.map((_, d) => model.columns[d] ?? t("try.column", { d })), found.values.map((value) => `= ${shown(value, 3)}`)), sum];
  const [height, width] = model.image_shape;
  const canvas = h("canvas", { class: "parts", role: "img", ariaLabel: t("try.why") });
  lab.images(canvas, explained.parts, width, height, { diverging: true });
  const reading = h("p", { class: "soft number" }, t(other === null ? "try.legend" : "try.legendPair", { name, other }));
  const legend = reading.textContent;
  canvas.addEventListener("pointermove", (event) => {
    const x = Math.min(width - 1, Math.max(0, Math.floor((event.offsetX / canvas.clientWidth) * width)));
    const y = Math.min(height - 1, Math.max(0, Math.floor((event.offsetY / canvas.clientHeight) * height)));
    reading.textContent = t("try.hover", { x, y, value: shown(explained.parts[y * width + x]) });
  });
  canvas.addEventListener("pointerleave", () => (reading.textContent = legend));
  return [canvas, sum, reading];
}

// The largest shares of columns, each with what stands in it.
function columns({ h }, parts, names, texts) {
  const order = parts.map((part, d) => [d, part]).sort((one, two) => Math.abs(two[1]) - Math.abs(one[1])).slice(0, COLUMNS);
  const largest = Math.abs(order[0]?.[1] ?? 1) || 1;
  return h("div", { class: "shares" }, order.map(([d, part]) => {
    const fill = h("span", { class: part < 0 ? "fill minus" : "fill plus" });
    fill.style.width = `${(100 * Math.abs(part)) / largest}%`;
    const [name, value] = [names[d], texts[d]];
    return h("div", { class: "share column" }, h("span", { class: "name", title: `${name} ${value}` }, name), h("span", { class: "soft number value" }, value), h("span", { class: "track" }, fill), h("span", { class: "number" }, shown(part, 3)));
  }));
}

function setOf(lab, model, set) {
  const { h, t } = lab;
  const names = set.classes.map((k) => h("span", { class: "chip member", dataset: { klass: k } }, model.classes[k]));
  return h("div", { class: "set" },
    h("div", { class: "row members" }, names.length ? names : h("span", { class: "soft" }, t("try.empty"))),
    h("p", {}, t("try.asked", { asked: percent(set.asked, 0) })),
    h("p", { class: "soft measured", dataset: { value: String(set.coverage) } },
      t("try.measured", { n: set.judged_on, coverage: percent(set.coverage, 2), size: set.mean_size.toFixed(2) }), " ",
      t("try.source", { n: set.learnt_on, source: t(`try.${set.source.replace(" ", "_")}`) })),
    set.is_unseen ? null : h("p", { class: "problem note" }, t("try.seen")));
}

// Base64 as an address takes it without escapes, and back.
const urlSafe = (text) => text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const fromUrl = (text) => {
  const plain = text.replaceAll("-", "+").replaceAll("_", "/");
  return plain + "=".repeat((4 - (plain.length % 4)) % 4);
};

const inBase64 = async (file) => toBase64(new Uint8Array(await file.arrayBuffer()));
