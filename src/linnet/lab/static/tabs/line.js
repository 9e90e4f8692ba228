// Line: linear regression with points to drag: three losses, and the path of SGD over the surface of one.

import { colour } from "../chart.js";
import { choice, knob, real, sane, sheet, shown, steady } from "./parts.js";
import { plane } from "./plane.js";
import { settings } from "../settings.js";

const LOSSES = settings.losses;
const COLOURS = { squared: 0, huber: 3, absolute: 2, sgd: 1 };
const colourOf = (name) => colour(COLOURS[name] ?? 4 + LOSSES.indexOf(name));
const START = { loss: "squared", huber: 1, lr: 0.1, batch: 4, epochs: 5, seed: 0, rows: 20, noise: 1 };
const RULES = {
  loss: (name) => LOSSES.includes(name), huber: [0.01, 10], lr: [1e-6, 100], batch: [1, 200, true], epochs: [1, 500, true],
  seed: [0, 2 ** 32 - 1, true], rows: [2, 200, true], noise: [0, 100], points: (text) => typeof text === "string",
};
const MOST = 200;
const STEPS = 5000; // of SGD at most
const APART = 1e-3; // how far apart in x points have to be
const OUTLIER = [2.6, -7];

export function mount(root, lab) {
  sheet();
  const { h, t } = lab;
  const state = sane(START, lab.state, RULES);
  let points = read(state.points);
  let found;
  let last = {};
  let at = Infinity; // the step of SGD that is shown
  let timer = 0;

  const send = steady((wish, signal) => lab.json("/api/line", wish, signal), show, lab.fail);
  const ended = new AbortController();
  const board = plane(lab, { onmove: moved, onselect: choose });
  const surface = h("div", { class: "chart surface" });
  const curve = h("div", { class: "chart" });
  const table = h("div", { class: "scroll" });
  const surfaceTitle = h("h2", {}, t("line.surface", { loss: t(`line.${state.loss}`) }));
  const bound = h("p", { class: "soft" });
  const code = h("div");
  const copies = lab.copy(code, () => last);
  const x = coordinate("x", 0);
  const y = coordinate("y", 1);
  const chosen = h("span", { class: "soft" }, t("line.none"));
  const remove = h("button", { type: "button", class: "small", onclick: () => board.remove() }, t("line.remove"));
  const step = h("input", { type: "range", min: 0, max: 1, step: 1, id: "sgd-step", name: "step" });
  const stepName = h("label", { for: "sgd-step", class: "soft" });
  const play = h("button", { type: "button", class: "small", onclick: toggle }, t("line.play"));

  function coordinate(name, place) {
    const box = h("input", { type: "number", step: "0.1", class: "coordinate", ariaLabel: t(`line.${name}`), name: `point-${name}`, disabled: true });
    box.addEventListener("change", () => {
      if (box.value === "" || board.chosen < 0) return;
      points[board.chosen][place] = bounded(Number(box.value));
      board.draw(points);
      ask();
    });
    return box;
  }

  function choose(number) {
    const isOne = number >= 0;
    chosen.textContent = isOne ? t("line.chosen", { n: number + 1 }) : t("line.none");
    remove.disabled = x.disabled = y.disabled = !isOne;
    [x.value, y.value] = isOne ? points[number] : ["", ""];
  }

  // The points as the plane has them now.
  function moved(next) {
    if (next.length > MOST) {
      lab.say(t("line.many"));
      board.draw(points);
      return;
    }
    points = next;
    choose(board.chosen);
    ask();
  }

  function ask() {
    state.points = points.map((point) => point.join(",")).join(";");
    lab.save({ ...state });
    if (wrong()) {
      lab.say(t(`line.${wrong()}`, { most: STEPS }));
      return;
    }
    send({
      points, loss: state.loss, huber: state.huber, lr: state.lr, batch_size: state.batch, epochs: state.epochs, seed: state.seed,
    });
  }

  // Why the points or the descent cannot be asked for; empty where they can.
  function wrong() {
    if (points.length < 2) return "few";
    const across = points.map(([x]) => x);
    if (Math.max(...across) - Math.min(...across) < APART) return "upright";
    return state.epochs * Math.ceil(points.length / state.batch) > STEPS ? "long" : "";
  }

  function change(name, value) {
    state[name] = value;
    at = Infinity;
    ask();
  }

  function show(answer) {
    if (wrong()) return; // an answer of before: what is said of the points now must stay
    found = answer;
    last = { python: answer.python, command: answer.command };
    copies.refresh();
    const rate = shown(answer.largest_rate, 3);
    const { ended: why } = answer.path;
    const losses = answer.path.losses.map(real);
    const isWorse = why || !(losses.at(-1) < 10 * losses[0]); // far worse than before the first step
    lab.say(!isWorse ? "" : state.loss === "squared" ? t("line.diverged", { rate }) : why ? t("line.stopped", { detail: why }) : t("line.worse"));
    bound.textContent = t("line.bound", { rate });
    surfaceTitle.textContent = t("line.surface", { loss: t(`line.${state.loss}`) });
    step.max = answer.path.w.length - 1;
    drawStep();
  }

  function drawStep() {
    const { path, fits } = found;
    const now = Math.min(at, path.w.length - 1);
    step.value = now;
    stepName.textContent = t("line.step", { k: now, n: path.w.length - 1 });
    const lines = LOSSES.map((name) => ({ name, ...fits[name], colour: colourOf(name), dash: "" }));
    lines.push({ name: "sgd", w: path.w[now], b: path.b[now], loss: path.losses[now], colour: colour(COLOURS.sgd), dash: "7 5" });
    board.draw(points, lines);
    table.replaceChildren(fitsTable(lab, lines, now));
    drawSurface(now);
    drawCurve(now);
  }

  function drawSurface(now) {
    const { surface: plain, fits, path } = found;
    const best = fits[state.loss];
    const height = plain.loss.map((row) => row.map((loss) => Math.sqrt(Math.max(0, loss - best.loss)))); // even rings
    const far = path.w.findIndex((w, k) => isFar(w, plain.w) || isFar(path.b[k], plain.b)); // out of sight, and too far to draw
    const end = far < 0 ? now + 1 : Math.min(now, far) + 1;
    const ink = getComputedStyle(document.documentElement).getPropertyValue("--ink");
    lab.chart(surface, [
      {
        type: "contour", x: plain.w, y: plain.b, z: height, customdata: plain.loss, showscale: false, ncontours: 18, line: { width: 0.7 },
        colorscale: lab.theme === "dark" ? NIGHT : DAY, hovertemplate: `w %{x:.3f}<br>b %{y:.3f}<br>${t("line.mean")} %{customdata:.4f}<extra></extra>`,
      },
      {
        type: "scatter", mode: "lines+markers", name: t("line.path"), x: path.w.slice(0, end), y: path.b.slice(0, end), hoverinfo: "skip",
        line: { color: colour(1), width: 1.6 }, marker: { size: 4, color: colour(1) },
      },
      {
        type: "scatter", mode: "markers", name: t("line.best"), x: [best.w], y: [best.b],
        marker: { symbol: "star", size: 15, color: colour(3), line: { color: ink, width: 1 } },
        hovertemplate: `${t("line.best")}<br>w %{x:.4f}<br>b %{y:.4f}<extra></extra>`,
      },
      {
        type: "scatter", mode: "markers", x: [path.w[end - 1]], y: [path.b[end - 1]], showlegend: false, hoverinfo: "skip",
        marker: { size: 11, color: colour(1), line: { color: ink, width: 1.5 } },
      },
    ], {
      xaxis: { title: { text: "w" }, range: [plain.w[0], plain.w.at(-1)], showgrid: false, zeroline: false },
      yaxis: { title: { text: "b" }, range: [plain.b[0], plain.b.at(-1)], showgrid: false, zeroline: false },
      legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" },
    });
  }

  function drawCurve(now) {
    const losses = found.path.losses.map(real).map((loss) => (loss < 1e300 ? loss : null));
    const n = losses.length - 1;
    const perEpoch = n / Math.max(1, found.path.epochs.length);
    lab.chart(curve, [
      { type: "scatter", mode: "lines", name: t("line.sgd"), y: losses, line: { color: colour(1), width: 1.5 } },
      {
        type: "scatter", mode: "markers", name: t("line.epochEnds"), x: found.path.epochs.map((_, i) => (i + 1) * perEpoch), y: found.path.epochs.map(real),
        marker: { size: 6, color: colour(1) },
      },
      {
        type: "scatter", mode: "lines", name: t("line.best"), x: [0, n], y: Array(2).fill(found.fits[state.loss].loss),
        line: { color: colourOf(state.loss), dash: "dot" },
      },
      { type: "scatter", mode: "markers", x: [now], y: [losses[now]], showlegend: false, hoverinfo: "skip", marker: { size: 11, color: colour(1) } },
    ], {
      xaxis: { title: { text: t("line.stepAxis") }, rangemode: "tozero" },
      yaxis: { title: { text: t("line.mean") }, type: losses.some((loss) => loss === null || loss > 1000) ? "log" : "linear", rangemode: "tozero" },
      legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" },
    });
  }

  function toggle() {
    if (timer) {
      halt();
      return;
    }
    if (!found) return;
    const n = found.path.w.length - 1;
    const stride = Math.max(1, Math.round(n / 120));
    at = at >= n ? 0 : at;
    play.textContent = t("line.stop");
    timer = setInterval(() => {
      at = Math.min(n, at + stride);
      drawStep();
      if (at >= n) halt();
    }, Math.max(50, Math.min(300, 6000 / n)));
  }

  function halt() {
    clearInterval(timer);
    timer = 0;
    play.textContent = t("line.play");
  }

  step.addEventListener("input", () => {
    halt();
    at = Number(step.value);
    if (found) drawStep();
  });

  async function fresh() {
    try {
      const wish = { w: 2, b: 1, rows: state.rows, noise: state.noise, seed: state.seed };
      const made = await lab.json("/api/line/points", wish, ended.signal);
      points = made.points.map((point) => point.map(bounded));
      board.select(-1);
      board.draw(points);
      ask();
    } catch (error) {
      if (!ended.signal.aborted) lab.fail(error);
    }
  }

  const slider = (name, label, options) =>
    knob({ label: t(`line.${label}`), name, value: state[name], onchange: (value) => change(name, value), ...options });
  const data = (name, label, options) =>
    slider(name, label, {
      onchange: (value) => {
        state[name] = value;
        fresh();
      },
      ...options,
    });
  const seed = slider("seed", "seed", { min: 0, max: 100, step: 1, whole: true });
  const another = () => {
    seed.set((state.seed + 1) % 101);
    state.seed = seed.value;
    fresh();
  };
  const small = (key, onclick) => h("button", { type: "button", class: "small", onclick }, t(`line.${key}`));
  const loss = choice({
    label: t("line.loss"), name: "loss", value: state.loss, options: LOSSES.map((name) => [name, t(`line.${name}`)]), onchange: (name) => change("loss", name),
  });
  const controls = h("div", { class: "stack" },
    h("section", { class: "card", ariaLabel: t("line.data") }, h("h2", {}, t("line.data")), h("p", { class: "soft" }, t("line.intro")),
      data("rows", "rows", { min: 2, max: 100, step: 1, whole: true }).element, data("noise", "noise", { min: 0, max: 4, step: 0.1 }).element,
      h("div", { class: "row" }, small("fresh", another), small("outlier", () => board.add(OUTLIER)))),
    h("section", { class: "card", ariaLabel: t("line.descent") }, h("h2", {}, t("line.descent")), loss.element,
      slider("lr", "lr", { min: 0.001, max: 10, log: true, digits: 3 }).element, bound,
      slider("batch", "batch", { min: 1, max: 50, step: 1, whole: true }).element,
      slider("epochs", "epochs", { min: 1, max: 100, step: 1, whole: true }).element, seed.element,
      slider("huber", "delta", { min: 0.01, max: 10, log: true, digits: 3 }).element));
  const tools = h("div", { class: "row tools" }, chosen, h("label", {}, "x ", x), h("label", {}, "y ", y), remove,
    small("add", () => board.add([0, 0])));
  root.append(
    h("div", { class: "columns" }, controls,
      h("div", { class: "stack" },
        h("div", { class: "pair lead" },
          h("section", { class: "card", ariaLabel: t("line.points") }, h("h2", {}, t("line.points")), board.element, tools,
            h("details", {}, h("summary", {}, t("line.help")), h("p", { class: "soft" }, t("line.keys")))),
          h("section", { class: "card" }, surfaceTitle, surface, h("div", { class: "steps" }, play, step, stepName))),
        h("div", { class: "pair" }, h("section", { class: "card" }, table),
          h("section", { class: "card" }, h("h2", {}, t("line.curve")), curve)),
        code)),
  );
  choose(-1);
  board.draw(points);
  if (points.length) ask();
  else fresh();
  return () => {
    halt();
    send.stop();
    ended.abort();
    board.stop();
  };
}

// Whether a number is more than a hundred widths of a window away from it.
const isFar = (value, window) => Math.abs(value - window[0]) > 100 * (window.at(-1) - window[0]);

const DAY = [[0, "#ffffff"], [0.15, "#d6e6f2"], [0.5, "#8fb9d9"], [1, "#2f6f9f"]];
const NIGHT = [[0, "#0d2233"], [0.15, "#143852"], [0.5, "#22597f"], [1, "#4b8fbd"]];

// Two decimals are what one can drag to.
const bounded = (value) => Math.round(100 * Math.min(100, Math.max(-100, value))) / 100;

function read(text) {
  if (typeof text !== "string") return [];
  const pairs = text.split(";").map((pair) => pair.split(",").map(Number));
  return pairs.filter((pair) => pair.length === 2 && pair.every(Number.isFinite)).slice(0, MOST).map((pair) => pair.map(bounded));
}

// Each line's slope, intercept and its own mean loss.
function fitsTable(lab, lines, step) {
  const { h, t } = lab;
  const rows = lines.map((line) =>
    h("tr", { dataset: { line: line.name } },
      h("th", { scope: "row" }, swatch(line), t(`line.${line.name}`), h("small", {}, t(`line.${line.name}Hint`, { n: step }))),
      ["w", "b", "loss"].map((name) =>
        h("td", { class: "number", dataset: { name, value: String(line[name] ?? "") } }, line[name] === undefined ? "" : shown(line[name])))));
  return h("table", { class: "fits" },
    h("thead", {}, h("tr", {}, ["method", "w", "b", "mean"].map((name) => h("th", { scope: "col" }, t(`line.${name}`))))), h("tbody", {}, rows));
}

function swatch(line) {
  const mark = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const stroke = document.createElementNS("http://www.w3.org/2000/svg", "line");
  for (const [name, value] of Object.entries({ viewBox: "0 0 26 10", class: "stroke", "aria-hidden": "true" })) mark.setAttribute(name, value);
  for (const [name, value] of Object.entries({ x1: 1, y1: 5, x2: 25, y2: 5, stroke: line.colour, "stroke-width": 3, "stroke-dasharray": line.dash })) {
    if (value !== "") stroke.setAttribute(name, value);
  }
  mark.append(stroke);
  return mark;
}
