// Numbers: softmax of logits on sliders, in three floating types, naive and stable; and Gumbel samples.

import { colour } from "../chart.js";
import { choice, knob, real, sane, sheet, shown, steady } from "./parts.js";

export const words = {
  en: {
    logits: "Logits", classes: "Classes", range: "Range", target: "Class of the row", klass: "class {k}", temperature: "Temperature T",
    examples: "Examples", calm: "Ordinary", half: "float16 overflows", overflow: "All overflow", sum: "The sum overflows",
    under: "All underflow", lost: "One is lost",
    intro: "Softmax of o/T as a machine computes it. The naive form takes exp(o) as it is; the stable form takes the largest logit out first.",
    limits: "exp(o) is ∞ above {over} and 0 below {under}; {digits} digits",
    naive: "naive", stable: "stable", form: "form", power: "exp(o)", shifted: "exp(o − max)", probability: "softmax", log: "log-softmax",
    total: "sum", loss: "Cross-entropy of class {k}:", logit: "o/T",
    error: "largest error {error}",
    strike_overflow: "overflow: larger than the type can hold", strike_underflow: "underflow: rounded to 0",
    strike_subnormal: "subnormal: near 0, few digits left",
    cause_logit_overflow: "A logit itself is more than this type can hold.",
    cause_exp_overflow: "exp(o) is ∞, and ∞/∞ is NaN.",
    cause_sum_overflow: "Each exp(o) is finite, but their sum is ∞: every probability becomes 0.",
    cause_sum_underflow: "Every exp(o) is 0, and 0/0 is NaN.",
    cause_log_of_zero: "A probability became 0, so its logarithm is −∞; the true one is finite.",
    cause_small_lost: "A probability is too small for this type; its logarithm is right.",
    cause_small_lost_naive: "A probability is too small for this type: it has lost digits.",
    cause_fine: "Right, but for rounding.",
    gumbel: "Drawing classes with Gumbel noise",
    gumbelIntro: "argmax(o/T + g) with noise g from Gumbel(0, 1) draws each class as often as softmax says.",
    draws: "Draws n", sharpness: "Temperature λ of soft samples", seed: "Seed", again: "Draw again",
    expected: "softmax", frequency: "drawn", distance: "Distance from softmax", distanceAxis: "total variation", drawsAxis: "draws n",
    soft: "Five soft samples, softmax((o/T + g)/λ)", sample: "sample {n}", probabilities: "Probabilities and draws",
  },
  zh: {
    logits: "logits（未规范化的预测）", classes: "类别数", range: "范围", target: "该行的类别", klass: "类别 {k}", temperature: "温度 T",
    examples: "例子", calm: "普通", half: "float16 上溢", overflow: "全部上溢", sum: "求和上溢", under: "全部下溢", lost: "一个概率丢失",
    intro: "机器如何计算 o/T 的 softmax。朴素形式直接取 exp(o)；稳定形式先减去最大的 logit。",
    limits: "exp(o) 在 {over} 以上为 ∞，在 {under} 以下为 0；{digits} 位有效数字",
    naive: "朴素", stable: "稳定", form: "形式", power: "exp(o)", shifted: "exp(o − max)", probability: "softmax", log: "log-softmax",
    total: "总和", loss: "类别 {k} 的交叉熵：", logit: "o/T",
    error: "最大误差 {error}",
    strike_overflow: "上溢：超出该类型的范围", strike_underflow: "下溢：舍入为 0", strike_subnormal: "次正规数：接近 0，有效数字很少",
    cause_logit_overflow: "logit 本身已超出该类型的范围。",
    cause_exp_overflow: "exp(o) 为 ∞，而 ∞/∞ 是 NaN。",
    cause_sum_overflow: "每个 exp(o) 都有限，但总和为 ∞：所有概率变成 0。",
    cause_sum_underflow: "所有 exp(o) 都是 0，而 0/0 是 NaN。",
    cause_log_of_zero: "有概率变成 0，其对数为 −∞；真实值是有限的。",
    cause_small_lost: "有概率小到该类型无法表示；它的对数是对的。",
    cause_small_lost_naive: "有概率小到该类型难以表示：丢失了有效数字。",
    cause_fine: "正确，只有舍入误差。",
    gumbel: "用 Gumbel 噪声抽取类别",
    gumbelIntro: "argmax(o/T + g)，其中噪声 g 来自 Gumbel(0, 1)：抽到每个类别的频率正是 softmax 的概率。",
    draws: "抽取次数 n", sharpness: "软样本的温度 λ", seed: "种子", again: "重新抽取",
    expected: "softmax", frequency: "抽取频率", distance: "与 softmax 的距离", distanceAxis: "全变差距离", drawsAxis: "抽取次数 n",
    soft: "五个软样本 softmax((o/T + g)/λ)", sample: "样本 {n}", probabilities: "概率与抽取频率",
  },
};

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
  const controls = h("section", { class: "card", ariaLabel: t("logits") });
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
        label: t("klass", { k }), name: `logit-${k}`, min: -state.range, max: state.range, step: state.range / 1000, value,
        onchange: (next) => {
          logits[k] = next;
          ask();
        },
      }),
    );
    logits = knobs.logits.map((one) => one.value); // as the range allows
    sliders.replaceChildren(...knobs.logits.map((one) => one.element));
    const classes = choice({
      label: t("classes"), name: "classes", value: String(logits.length),
      options: Array.from({ length: 9 }, (_, i) => [String(i + 2), String(i + 2)]),
      onchange: (count) => {
        logits = Array.from({ length: Number(count) }, (_, k) => logits[k] ?? 0);
        build();
        ask();
      },
    });
    const range = choice({
      label: t("range"), name: "range", value: String(state.range), options: RANGES.map((size) => [String(size), `±${size}`]),
      onchange: (size) => {
        state.range = Number(size);
        build();
        ask();
      },
    });
    const target = choice({
      label: t("target"), name: "target", value: String(state.target),
      options: logits.map((_, k) => [String(k), t("klass", { k })]), onchange: (k) => change("target", Number(k)),
    });
    const temperature = knob({
      label: t("temperature"), name: "temperature", min: 0.05, max: 100, log: true, digits: 3, value: state.temperature,
      onchange: (value) => change("temperature", value),
    });
    controls.replaceChildren(
      h("h2", {}, t("logits")), h("p", { class: "soft" }, t("intro")), examples(), classes.element, range.element, sliders,
      temperature.element, target.element,
    );
  }

  function examples() {
    return h("div", { class: "row examples", role: "group", ariaLabel: t("examples") },
      Object.entries(EXAMPLES).map(([name, example]) =>
        h("button", {
          type: "button", class: "small", dataset: { example: name },
          onclick: () => {
            logits = [...example.logits];
            Object.assign(state, { range: example.range, temperature: 1, target: 1 });
            build();
            ask();
          },
        }, t(name))),
    );
  }

  function gumbelControls() {
    const draws = knob({
      label: t("draws"), name: "draws", min: 1, max: 20000, log: true, whole: true, value: state.draws,
      onchange: (value) => change("draws", value),
    });
    const sharpness = knob({
      label: t("sharpness"), name: "sharpness", min: 0.05, max: 20, log: true, digits: 3, value: state.sharpness,
      onchange: (value) => change("sharpness", value),
    });
    const seed = knob({
      label: t("seed"), name: "seed", min: 0, max: 100, step: 1, whole: true, value: state.seed, onchange: (value) => change("seed", value),
    });
    const again = h("button", {
      type: "button",
      onclick: () => {
        seed.set((state.seed + 1) % 101);
        change("seed", seed.value);
      },
    }, t("again"));
    return h("section", { class: "card", ariaLabel: t("gumbel") },
      h("h2", {}, t("gumbel")), h("p", { class: "soft" }, t("gumbelIntro")), draws.element, sharpness.element, seed.element, again);
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

  const names = () => logits.map((_, k) => t("klass", { k }));

  function drawBars(found) {
    const exact = found.types.at(-1).stable.softmax.map(real);
    lab.chart(bars, [
      { type: "bar", name: t("expected"), x: names(), y: exact, marker: { color: colour(0) } },
      { type: "bar", name: t("frequency"), x: names(), y: found.gumbel.frequencies, marker: { color: colour(3) } },
    ], { barmode: "group", bargap: 0.3, legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" }, yaxis: { range: [0, 1], tickformat: ".0%" } });
  }

  function drawDistances(gumbel) {
    lab.chart(distances, [
      { type: "scatter", mode: "lines+markers", x: gumbel.marks, y: gumbel.distances, line: { color: colour(1) }, marker: { size: 4 } },
    ], {
      xaxis: { type: "log", title: { text: t("drawsAxis") }, dtick: 1 },
      yaxis: { type: "log", title: { text: t("distanceAxis") }, dtick: 1, exponentformat: "power", range: [Math.min(-3, ...gumbel.distances.map(Math.log10)), 0.1] }, showlegend: false,
    });
  }

  function drawSofts(gumbel) {
    const rows = gumbel.samples.map((_, n) => t("sample", { n: n + 1 }));
    lab.chart(softs, logits.map((_, k) => ({
      type: "bar", orientation: "h", name: t("klass", { k }), y: rows, x: gumbel.samples.map((sample) => sample[k]),
      marker: { color: colour(k) },
    })), { barmode: "stack", bargap: 0.25, xaxis: { range: [0, 1] }, yaxis: { autorange: "reversed" }, legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0, traceorder: "normal" } });
  }

  build();
  const card = (title, body) => h("section", { class: "card", ariaLabel: title }, h("h2", {}, title), body);
  root.append(
    h("div", { class: "columns" }, controls,
      h("div", { class: "stack" }, tables,
        h("div", { class: "pair" }, gumbelControls(), card(t("probabilities"), bars)),
        h("div", { class: "pair" }, card(t("soft"), softs), card(t("distance"), distances)), code)),
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
      h("th", { scope: "row" }, t("klass", { k })), cell(lab, logit, `${type.dtype}-logit-${k}`),
      ...formCells(lab, naive, k, `${type.dtype}-naive`), ...formCells(lab, stable, k, `${type.dtype}-stable`)));
  const sums = (form, name) => [cell(lab, form.total, `${type.dtype}-${name}-total`), h("td"), h("td")];
  const table = h("table", { class: "types" },
    h("thead", {},
      h("tr", {}, h("td", { colSpan: 2 }), h("th", { colSpan: 3, scope: "colgroup" }, t("naive")), h("th", { colSpan: 3, scope: "colgroup" }, t("stable"))),
      h("tr", {}, h("td"), heads.map((name) => h("th", { scope: "col" }, t(name))))),
    h("tbody", {}, rows, h("tr", { class: "total" }, h("th", { scope: "row" }, t("total")), h("td"), sums(naive, "naive"), sums(stable, "stable"))));
  return h("section", { class: "card type", dataset: { type: type.dtype }, ariaLabel: type.dtype },
    h("div", { class: "spread" }, h("h2", { class: "mono" }, type.dtype),
      h("small", {}, t("limits", { over: shown(limits.overflow_above), under: shown(limits.underflow_below), digits }))),
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
    title: strike ? lab.t(`strike_${strike}`) : String(value),
  }, sign, shown(value));
}

function verdict(lab, type, name, target) {
  const { h, t } = lab;
  const form = type[name];
  const isRight = form.cause === "fine" || (form.cause === "small_lost" && name === "stable");
  const key = form.cause === "small_lost" && name === "naive" ? "cause_small_lost_naive" : `cause_${form.cause}`;
  return h("div", { class: `verdict ${isRight ? "right" : form.cause === "small_lost" ? "nearly" : "failed"}`, dataset: { cause: form.cause } },
    h("div", { class: "spread" },
      h("strong", {}, `${isRight ? "✓" : form.cause === "small_lost" ? "◦" : "✗"} ${t(name)}`),
      h("span", { class: "number", dataset: { name: `${type.dtype}-${name}-loss`, value: String(form.cross_entropy) } },
        `${t("loss", { k: target })} ${shown(form.cross_entropy, 5)}`)),
    h("div", {}, t(key), " ", h("span", { class: "soft" }, t("error", { error: shown(form.error, 3) }))));
}
