// Numbers: softmax of logits on sliders, in three floating types, naive and stable; and Gumbel samples.

import { colour } from "../chart.js";
import { choice, knob, real, sane, sheet, shown, steady } from "./parts.js";

const EXAMPLES = {
  calm: { logits: [2, 1, 0, -1], range: 10 },
  half: { logits: [12, 11, 10.5, -8], range: 30 },
  sum: { logits: [88.5, 88.5, 88, 80], range: 100 },
  overflow: { logits: [1000, 990, 20, -500], range: 1000 },
  under: { logits: [-900, -910, -950, -1000], range: 1000 },
  lost: { logits: [0, -15, -100, -800], range: 1000 },
};
const RANGES = [10, 30, 100, 1000, 3000];
const START = { logits: "12,11,10.5,-8", range: 30, target: 1, temperature: 1, draws: 1000, sharpness: 1, seed: 0 };
const RULES = {
  logits: () => true, range: (size) => RANGES.includes(size), target: [0, 9, true], temperature: [0.05, 100], draws: [1, 20000, true],
  sharpness: [0.05, 20], seed: [0, 2 ** 32 - 1, true],
};
const MARKS = { overflow: "▲", underflow: "▼", subnormal: "◦" };

export function mount(root, lab) {
  sheet();
  const { h, t } = lab;
  const state = sane(START, lab.state, RULES);
  let logits = read(state.logits);
  let last = {};

  const sliders = h("div", { class: "logits" });
  const knobs = {};
  const controls = h("section", { class: "card", ariaLabel: t("numbers.logits") });
  const tables = h("div", { class: "stack" });
  const bars = h("div", { class: "chart" });
  const distances = h("div", { class: "chart" });
  const softs = h("div", { class: "chart" });
  const code = h("div");
  const copies = lab.copy(code, () => last);

  const send = steady((wish, signal) => lab.json("/api/numbers", wish, signal), show, lab.fail);

  function ask() {
    Object.assign(state, { logits: logits.join(",") });
    lab.save({ ...state });
    const { target, temperature, draws, sharpness, seed } = state;
    send({ logits, target: Number(target), temperature, draws, sharpness, seed });
  }

  function change(name, value) {
    state[name] = value;
    ask();
  }

  function build() {
    state.target = Math.min(Number(state.target), logits.length - 1);
    knobs.logits = logits.map((value, k) =>
      knob({
        label: t("numbers.klass", { k }), name: `logit-${k}`, min: -state.range, max: state.range, step: state.range / 1000, value,
        onchange: (next) => {
          logits[k] = next;
          ask();
        },
      }),
    );
    logits = knobs.logits.map((one) => one.value); // as the range allows
    sliders.replaceChildren(...knobs.logits.map((one) => one.element));
    const classes = choice({
      label: t("numbers.classes"), name: "classes", value: String(logits.length),
      options: Array.from({ length: 9 }, (_, i) => [String(i + 2), String(i + 2)]),
      onchange: (count) => {
        logits = Array.from({ length: Number(count) }, (_, k) => logits[k] ?? 0);
        build();
        ask();
      },
    });
    const range = choice({
      label: t("numbers.range"), name: "range", value: String(state.range), options: RANGES.map((size) => [String(size), `±${size}`]),
      onchange: (size) => {
        state.range = Number(size);
        build();
        ask();
      },
    });
    const target = choice({
      label: t("numbers.target"), name: "target", value: String(state.target),
      options: logits.map((_, k) => [String(k), t("numbers.klass", { k })]), onchange: (k) => change("target", Number(k)),
    });
    const temperature = knob({
      label: t("numbers.temperature"), name: "temperature", min: 0.05, max: 100, log: true, digits: 3, value: state.temperature,
      onchange: (value) => change("temperature", value),
    });
    controls.replaceChildren(
      h("h2", {}, t("numbers.logits")), h("p", { class: "soft" }, t("numbers.intro")), examples(), classes.element, range.element, sliders,
      temperature.element, target.element,
    );
  }

  function examples() {
    return h("div", { class: "row examples", role: "group", ariaLabel: t("numbers.examples") },
      Object.entries(EXAMPLES).map(([name, example]) =>
        h("button", {
          type: "button", class: "small", dataset: { example: name },
          onclick: () => {
            logits = [...example.logits];
            Object.assign(state, { range: example.range, temperature: 1, target: 1 });
            build();
            ask();
          },
        }, t(`numbers.${name}`))),
    );
  }

  function gumbelControls() {
    const draws = knob({
      label: t("numbers.draws"), name: "draws", min: 1, max: 20000, log: true, whole: true, value: state.draws,
      onchange: (value) => change("draws", value),
    });
    const sharpness = knob({
      label: t("numbers.sharpness"), name: "sharpness", min: 0.05, max: 20, log: true, digits: 3, value: state.sharpness,
      onchange: (value) => change("sharpness", value),
    });
    const seed = knob({
      label: t("numbers.seed"), name: "seed", min: 0, max: 100, step: 1, whole: true, value: state.seed, onchange: (value) => change("seed", value),
    });
    const again = h("button", {
      type: "button",
      onclick: () => {
        seed.set((state.seed + 1) % 101);
        change("seed", seed.value);
      },
    }, t("numbers.again"));
    return h("section", { class: "card", ariaLabel: t("numbers.gumbel") },
      h("h2", {}, t("numbers.gumbel")), h("p", { class: "soft" }, t("numbers.gumbelIntro")), draws.element, sharpness.element, seed.element, again);
  }

  function show(found) {
    lab.say("");
    last = { python: found.python, command: found.command };
    copies.refresh();
    tables.replaceChildren(...found.types.map((type) => typeCard(lab, type, Number(state.target))));
    drawBars(found);
    drawDistances(found.gumbel);
    drawSofts(found.gumbel);
  }

  const names = () => logits.map((_, k) => t("numbers.klass", { k }));

  function drawBars(found) {
    const exact = found.types.at(-1).stable.softmax.map(real);
    lab.chart(bars, [
      { type: "bar", name: t("numbers.expected"), x: names(), y: exact, marker: { color: colour(0) } },
      { type: "bar", name: t("numbers.frequency"), x: names(), y: found.gumbel.frequencies, marker: { color: colour(3) } },
    ], { barmode: "group", bargap: 0.3, legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" }, yaxis: { range: [0, 1], tickformat: ".0%" } });
  }

  function drawDistances(gumbel) {
    lab.chart(distances, [
      { type: "scatter", mode: "lines+markers", x: gumbel.marks, y: gumbel.distances, line: { color: colour(1) }, marker: { size: 4 } },
    ], {
      xaxis: { type: "log", title: { text: t("numbers.drawsAxis") }, dtick: 1 },
      yaxis: { type: "log", title: { text: t("numbers.distanceAxis") }, dtick: 1, exponentformat: "power", range: [Math.min(-3, ...gumbel.distances.map(Math.log10)), 0.1] }, showlegend: false,
    });
  }

  function drawSofts(gumbel) {
    const rows = gumbel.samples.map((_, n) => t("numbers.sample", { n: n + 1 }));
    lab.chart(softs, logits.map((_, k) => ({
      type: "bar", orientation: "h", name: t("numbers.klass", { k }), y: rows, x: gumbel.samples.map((sample) => sample[k]),
      marker: { color: colour(k) },
    })), { barmode: "stack", bargap: 0.25, xaxis: { range: [0, 1] }, yaxis: { autorange: "reversed" }, legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0, traceorder: "normal" } });
  }

  build();
  const card = (title, body) => h("section", { class: "card", ariaLabel: title }, h("h2", {}, title), body);
  root.append(
    h("div", { class: "columns" }, controls,
      h("div", { class: "stack" }, tables,
        h("div", { class: "pair" }, gumbelControls(), card(t("numbers.probabilities"), bars)),
        h("div", { class: "pair" }, card(t("numbers.soft"), softs), card(t("numbers.distance"), distances)), code)),
  );
  ask();
  return () => send.stop();
}

function read(text) {
  const numbers = String(text).split(",").map(Number).filter(Number.isFinite);
  return numbers.length >= 2 ? numbers.slice(0, 10) : read(START.logits);
}

// One floating type: each step of both forms, class by class, with what befell it.
function typeCard(lab, type, target) {
  const { h, t } = lab;
  const { limits, naive, stable } = type;
  const digits = Math.floor(-Math.log10(limits.epsilon));
  const heads = ["logit", "power", "probability", "log", "shifted", "probability", "log"];
  const rows = type.logits.map((logit, k) =>
    h("tr", { class: k === target ? "target" : "" },
      h("th", { scope: "row" }, t("numbers.klass", { k })), cell(lab, logit, `${type.dtype}-logit-${k}`),
      ...formCells(lab, naive, k, `${type.dtype}-naive`), ...formCells(lab, stable, k, `${type.dtype}-stable`)));
  const sums = (form, name) => [cell(lab, form.total, `${type.dtype}-${name}-total`), h("td"), h("td")];
  const table = h("table", { class: "types" },
    h("thead", {},
      h("tr", {}, h("td", { colSpan: 2 }), h("th", { colSpan: 3, scope: "colgroup" }, t("numbers.naive")), h("th", { colSpan: 3, scope: "colgroup" }, t("numbers.stable"))),
      h("tr", {}, h("td"), heads.map((name) => h("th", { scope: "col" }, t(`numbers.${name}`))))),
    h("tbody", {}, rows, h("tr", { class: "total" }, h("th", { scope: "row" }, t("numbers.total")), h("td"), sums(naive, "naive"), sums(stable, "stable"))));
  return h("section", { class: "card type", dataset: { type: type.dtype }, ariaLabel: type.dtype },
    h("div", { class: "spread" }, h("h2", { class: "mono" }, type.dtype),
      h("small", {}, t("numbers.limits", { over: shown(limits.overflow_above), under: shown(limits.underflow_below), digits }))),
    h("div", { class: "scroll", tabIndex: 0, role: "region", ariaLabel: type.dtype }, table),
    h("div", { class: "verdicts" }, verdict(lab, type, "naive", target), verdict(lab, type, "stable", target)));
}

function formCells(lab, form, k, name) {
  return [
    cell(lab, form.exponentials[k], `${name}-power-${k}`, form.strikes[k]), cell(lab, form.softmax[k], `${name}-softmax-${k}`),
    cell(lab, form.log_softmax[k], `${name}-log-${k}`),
  ];
}

// A number of a table; one that left the type's range is marked by a sign as well as by colour.
function cell(lab, value, name, strike = "") {
  const isLost = !Number.isFinite(real(value));
  const sign = strike ? lab.h("span", { class: "sign", ariaHidden: "true" }, MARKS[strike]) : null;
  return lab.h("td", {
    class: `${strike} ${isLost ? "lost" : ""}`, dataset: { name, value: String(value) },
    title: strike ? lab.t(`numbers.strike_${strike}`) : String(value),
  }, sign, shown(value));
}

function verdict(lab, type, name, target) {
  const { h, t } = lab;
  const form = type[name];
  const isRight = form.cause === "fine" || (form.cause === "small_lost" && name === "stable");
  const key = form.cause === "small_lost" && name === "naive" ? "small_lost_naive" : form.cause;
  return h("div", { class: `verdict ${isRight ? "right" : form.cause === "small_lost" ? "nearly" : "failed"}`, dataset: { cause: form.cause } },
    h("div", { class: "spread" },
      h("strong", {}, `${isRight ? "✓" : form.cause === "small_lost" ? "◦" : "✗"} ${t(`numbers.${name}`)}`),
      h("span", { class: "number", dataset: { name: `${type.dtype}-${name}-loss`, value: String(form.cross_entropy) } },
        `${t("numbers.loss", { k: target })} ${shown(form.cross_entropy, 5)}`)),
    h("div", {}, t(`numbers.cause_${key}`), " ", h("span", { class: "soft" }, t("numbers.error", { error: shown(form.error, 3) }))));
}
