// The pictures of a training: its curves, and the model as it stands in one frame.

import { colour, plain } from "./chart.js";
import { floats, h, integers, octets } from "./api.js";
import { numbersScene } from "./regression.js";

const PINNED = 2; // the colour of the first pinned run: those before are training and test
const MATRIX = 20; // classes up to which the matrix is drawn whole
const SHOWN = 24;
const COLUMNS = 200; // of a table whose weights are drawn

export const pinColour = (place) => colour(PINNED + place);

// The two charts. Pinned runs are thin lines of test figures in colours of their own.
export function curves(lab, loss, accuracy) {
  const { t } = lab;
  const of = (run, kind, name) => {
    const points = run.frames.map((frame) => [frame.figures.epoch, frame.figures[`${kind}_${name}`] ?? (kind === "test" ? frame.live[name] : undefined)]);
    return points.filter(([, value]) => value !== undefined && value !== null);
  };
  const trace = (points, name, line) => ({
    x: points.map(([x]) => x), y: points.map(([, y]) => y), name, mode: points.length > 1 ? "lines" : "markers", line, marker: { color: line.color, size: 5 },
    hovertemplate: "%{y:.4f}",
  });
  const chart = (element, run, pins, name, epoch) => {
    const traces = pins.filter((one) => one !== run && of(one, "test", name).length).map((one) => trace(of(one, "test", name), plain(one.name), { color: pinColour(pins.indexOf(one)), width: 1.5, dash: "dot" }));
    for (const one of traces) one.showlegend = false;
    for (const [number, kind] of ["train", "test", "validation"].entries()) {
      const points = of(run, kind, name);
      if (points.length) traces.push(trace(points, t(`scene.${kind}`), { color: colour(number === 2 ? 4 : number), width: 2.2, dash: kind === "train" ? "dash" : "solid" }));
    }
    const shapes = epoch === null ? [] : [{ type: "line", x0: epoch, x1: epoch, y0: 0, y1: 1, yref: "paper", line: { color: colour(3), width: 1.5 } }];
    const span = Math.max(run.ask.epochs, ...pins.map((one) => one.frames.at(-1).figures.epoch));
    lab.chart(element, traces, {
      xaxis: { title: { text: t("scene.epoch"), standoff: 6 }, range: [0, run.isOver && !pins.length ? Math.max(1, run.frames.at(-1).figures.epoch) : span] },
      yaxis: name === "accuracy" ? { tickformat: ".0%" } : {}, shapes, hovermode: "x unified", showlegend: true,
    });
  };
  const title = h("h2", {}, t("scene.accuracyTitle"));
  return {
    loss, accuracy, title,
    draw(run, pins, epoch) {
      const share = run.opening.classes.length ? "accuracy" : "r2";
      title.textContent = t(`scene.${share}Title`);
      chart(loss, run, pins, "loss", epoch);
      chart(accuracy, run, pins, share, epoch);
    },
  };
}

// Templates, confusion matrix and samples. Its elements stay while data of the same classes is trained on.
export function scene(lab) {
  const { t } = lab;
  const element = h("div", { class: "stack" });
  let key = "";
  let parts = null;

  function build(run) {
    const { classes, image_shape: shape } = run.opening;
    if (!classes.length) {
      parts = { numbers: numbersScene(lab, run) };
      element.replaceChildren(parts.numbers.element);
      return;
    }
    const chosen = parts?.matrix?.chosen;
    parts = { templates: templates(lab, classes, shape, run.columns), matrix: matrix(lab, classes, shape), samples: samples(lab, run, classes, shape) };
    if (chosen) parts.matrix.chosen = null;
    element.replaceChildren(parts.templates.element, h("div", { class: "pair" }, parts.matrix.element, parts.samples.element));
  }

  return {
    element,
    draw(run, frame, isStill) {
      const now = JSON.stringify([run.ask.dataset, run.opening.classes, run.opening.image_shape]);
      if (now !== key) build(run);
      key = now;
      parts.numbers?.draw(run, frame);
      parts.templates?.draw(frame);
      parts.matrix?.draw(run, frame, isStill);
      parts.samples?.draw(run, frame);
    },
  };
}

function templates(lab, classes, shape, columns) {
  const { t } = lab;
  const head = [h("h2", {}, t("scene.templates")), h("p", { class: "soft" }, t(shape ? (shape.length === 3 ? "scene.templatesColors" : "scene.templatesHint") : "scene.weightsHint"))];
  if (!shape) {
    const chart = h("div", { class: "chart" });
    const most = h("p", { class: "soft" });
    const draw = (frame) => {
      const W = floats(frame.W);
      const n = W.length / classes.length;
      most.textContent = n > COLUMNS ? t("scene.mostWeights", { n, most: COLUMNS }) : "";
      weightChart(lab, chart, classes, columns, W);
    };
    return { element: h("section", { class: "card" }, head, most, chart), draw };
  }
  const canvases = classes.map((name) => h("canvas", { role: "img", ariaLabel: name }));
  const grid = h("div", { class: "templates" }, classes.map((name, k) => h("figure", {}, canvases[k], h("figcaption", { title: name }, name))));
  return {
    element: h("section", { class: "card" }, head, grid),
    draw(frame) {
      const W = floats(frame.W);
      const size = W.length / classes.length;
      let limit = 1e-30;
      for (const weight of W) limit = Math.max(limit, Math.abs(weight));
      canvases.forEach((canvas, k) => lab.images(canvas, W.subarray(k * size, (k + 1) * size), shape[1], shape[0], { diverging: true, limit: shape.length === 3 ? undefined : limit }));
    },
  };
}

function weightChart(lab, element, classes, columns, W) {
  const size = W.length / classes.length;
  const chosen = largest(W, size);
  const z = classes.map((_, k) => chosen.map((place) => W[k * size + place]));
  const scale = [[0, "#2166ac"], [0.5, "#f7f7f7"], [1, "#b2182b"]];
  lab.chart(element, [{ type: "heatmap", z, y: classes.map(plain), x: chosen.map((place) => plain(columns?.[place] ?? place + 1)), colorscale: scale, zmid: 0, hovertemplate: "%{y}, %{x}: %{z:.4f}<extra></extra>" }],
    { xaxis: { type: "category", title: { text: lab.t("scene.feature") } }, yaxis: { type: "category", autorange: "reversed" } });
}

// The columns that are drawn, in their order: all, or those of the largest weights.
function largest(W, size) {
  const places = Array.from({ length: size }, (_, place) => place);
  if (size <= COLUMNS) return places;
  const height = new Float32Array(size);
  W.forEach((weight, i) => (height[i % size] = Math.max(height[i % size], Math.abs(weight))));
  return places.sort((a, b) => height[b] - height[a]).slice(0, COLUMNS).sort((a, b) => a - b);
}

function matrix(lab, classes, shape) {
  const { t } = lab;
  const K = classes.length;
  const cells = new Map();
  const found = h("div", { class: "found", ariaLive: "polite" });
  const hint = h("p", { class: "soft" }, t(K > MATRIX ? "scene.pairs" : shape ? "scene.confusionHint" : "scene.confusionRows"));
  const body = K <= MATRIX ? table() : h("ul", { class: "pairs" });
  const element = h("section", { class: "card" }, h("h2", {}, t("scene.confusion")), hint, h("div", { class: "matrix" }, body), found);
  const self = { element, chosen: null, draw };
  let now = null;
  let turn = 0;

  function table() {
    const button = (i, j) => {
      const made = h("button", { type: "button", onclick: () => choose(i, j) });
      cells.set(i * K + j, made);
      return h("td", {}, made);
    };
    return h("table", { class: `confusion${classes.every((name) => name.length <= 3) ? " short" : ""}` },
      h("thead", {}, h("tr", {}, h("th"), classes.map((name) => h("th", { scope: "col" }, h("span", {}, name))))),
      h("tbody", {}, classes.map((name, i) => h("tr", {}, h("th", { scope: "row" }, name), classes.map((_, j) => button(i, j))))));
  }

  function draw(run, frame, isStill) {
    now = { run, frame };
    if (K > MATRIX) drawPairs(frame.confusion);
    else frame.confusion.forEach((row, i) => {
      const total = Math.max(1, row.reduce((sum, n) => sum + n, 0));
      row.forEach((n, j) => dressed(cells.get(i * K + j), i, j, n, Math.sqrt(n / total)));
    });
    if (self.chosen && isStill) show(...self.chosen);
  }

  function dressed(cell, i, j, n, depth) {
    const text = n ? String(n) : "";
    if (cell.textContent !== text) cell.textContent = text;
    cell.ariaLabel = caption("scene.cell", "scene.rightCell", i, j, n);
    cell.style.backgroundColor = n ? `color-mix(in srgb, ${i === j ? "var(--accent)" : "var(--wrong)"} ${Math.round(8 + 80 * depth)}%, var(--card))` : "";
    cell.classList.toggle("deep", depth > 0.62);
  }

  const caption = (wrong, right, i, j, n) => t(i === j ? right : wrong, { true: classes[i], guess: classes[j], n });

  function drawPairs(confusion) {
    const pairs = confusion.flatMap((row, i) => row.map((n, j) => [n, i, j])).filter(([n, i, j]) => n && i !== j);
    pairs.sort(([a], [b]) => b - a);
    body.replaceChildren(...pairs.slice(0, 12).map(([n, i, j]) =>
      h("li", {}, h("button", { type: "button", class: "quiet", onclick: () => choose(i, j) }, caption("scene.cell", "scene.rightCell", i, j, n)))));
  }

  function choose(i, j) {
    const isSame = self.chosen?.[0] === i && self.chosen?.[1] === j;
    for (const cell of cells.values()) cell.ariaPressed = null;
    self.chosen = isSame ? null : [i, j];
    found.replaceChildren();
    if (isSame) return;
    const cell = cells.get(i * K + j);
    if (cell) cell.ariaPressed = "true";
    show(i, j);
  }

  // The images of a cell, as the frame has them.
  async function show(i, j) {
    const mine = ++turn;
    const { run, frame } = now;
    const guesses = octets(frame.guesses);
    const labels = octets(run.opening.labels);
    const numbers = numbersOf(run);
    const rows = [];
    for (let n = 0; n < guesses.length; n++) if (labels[n] === i && guesses[n] === j) rows.push(numbers[n]);
    try {
      const pictures = await rowsOf(lab, run.ask.dataset, rows.slice(0, SHOWN));
      if (mine !== turn || !self.chosen) return;
      found.replaceChildren(
        h("h3", {}, caption("scene.cellTitle", "scene.rightTitle", i, j), " ", h("small", {}, rows.length ? t("scene.more", { n: pictures.length, all: rows.length }) : t("scene.none"))),
        h("div", { class: "strip" }, pictures.map((picture) => pictureOf(lab, picture))));
    } catch (error) {
      lab.fail(error);
    }
  }
  return self;
}

function samples(lab, run, classes, shape) {
  const { t } = lab;
  const numbers = numbersOf(run);
  const cards = run.opening.samples.map((place) => {
    const card = { place, number: numbers[place], picture: h("div", { class: "picture" }), guess: h("strong"), truth: h("small"), bar: h("i") };
    card.element = h("li", {}, card.picture, h("div", { class: "said" }, card.guess, h("div", { class: "bar" }, card.bar), card.truth));
    return card;
  });
  rowsOf(lab, run.ask.dataset, cards.map((card) => card.number))
    .then((pictures) => pictures.forEach((picture, place) => cards[place].picture.replaceChildren(pictureOf(lab, picture))))
    .catch((error) => lab.fail(error));
  return {
    element: h("section", { class: "card" }, h("h2", {}, t("scene.samples")), h("ul", { class: shape ? "samples" : "samples wide" }, cards.map((card) => card.element))),
    draw(now, frame) {
      const chances = floats(frame.chances);
      const guesses = octets(frame.guesses);
      const labels = octets(now.opening.labels);
      cards.forEach((card, place) => {
        const guess = guesses[card.place];
        const truth = labels[card.place];
        const chance = chances[place * classes.length + guess];
        card.guess.textContent = `${guess === truth ? "✓" : "✗"} ${classes[guess]}`;
        card.truth.textContent = guess === truth ? `${(100 * chance).toFixed(0)} %` : t("scene.taken", { guess: `${(100 * chance).toFixed(0)} %`, true: classes[truth] });
        card.bar.style.width = `${100 * chance}%`;
        card.element.classList.toggle("wrong", guess !== truth);
      });
    },
  };
}

// Which test rows the frames speak of: all, or those that are named.
const numbersOf = ({ opening }) => (opening.numbers === null ? Array.from({ length: opening.test_rows }, (_, row) => row) : integers(opening.numbers));

// Rows to look at, each { shape, brightest, pixels | values, number }; each is asked for once.
const known = new Map();
const MOST = 3000;

async function rowsOf(lab, dataset, numbers) {
  const missing = numbers.filter((number) => !known.has(`${dataset}/${number}`));
  if (missing.length) {
    const found = await lab.json("api/data/rows", { dataset, rows: missing });
    const pixels = found.pixels === null ? null : octets(found.pixels);
    const size = found.image_shape ? found.image_shape.reduce((product, n) => product * n) : 0;
    if (known.size > MOST) known.clear();
    missing.forEach((number, place) => known.set(`${dataset}/${number}`, {
      number, shape: found.image_shape, brightest: found.brightest,
      pixels: pixels?.subarray(place * size, (place + 1) * size), values: found.values?.[place], features: found.features,
    }));
  }
  return numbers.map((number) => known.get(`${dataset}/${number}`)).filter(Boolean);
}

function pictureOf(lab, { number, shape, brightest, pixels, values, features }) {
  const name = lab.t("scene.rowNumber", { n: number });
  if (!shape) return h("code", { title: name }, values.map((value) => Number(value.toPrecision(3))).join(", "), values.length < features ? ", …" : "");
  const canvas = h("canvas", { role: "img", ariaLabel: name, title: name });
  lab.images(canvas, pixels, shape[1], shape[0], { limit: brightest });
  return canvas;
}
