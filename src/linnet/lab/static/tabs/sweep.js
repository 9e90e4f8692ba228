// Sweep: many models in one pass over the data, and which of them is best.

import { check, choice, datasets, isGood, slider, textOf, titleOf, AUGMENTATIONS, OPTIMIZERS, SLIDERS, share, shown } from "../knobs.js";
import { colour } from "../chart.js";

const RANGES = {
  lr: { from: 0.01, to: 3, many: 8 }, batch_size: { from: 64, to: 1024, many: 5 }, l2: { from: 1e-5, to: 0.1, many: 5 },
  l1: { from: 1e-6, to: 0.01, many: 5 }, std: { from: 0.001, to: 1, many: 4 }, dropout: { from: 0, to: 0.6, many: 4 },
};
const LISTS = { optimizer: OPTIMIZERS, augment: AUGMENTATIONS };
const LISTED = { optimizer: ["sgd", "momentum", "adam"], augment: ["none", "shift:2", "rotate:10"] };
const AXES = [...Object.keys(RANGES), ...Object.keys(LISTS)];
const DEFAULTS = { first: "lr", second: "optimizer", epochs: 5, folds: null, seeds: 1, metric: "accuracy", standardize: false };
const MOST = 512;
const LINES = 12; // rows of the ranking that are shown

// What outlives a change of language or tab.
const kept = { sweep: null, known: [] };

// Whether a value of the address, which somebody may have edited, can be.
function isFit(name, value) {
  const [knob, kind] = [name.replace(/_(range|list)$/, ""), name.match(/_(range|list)$/)?.[1]];
  if (kind === "range") return knob in RANGES && ["from", "to", "many"].every((key) => isGood(key === "many" ? "epochs" : knob, value?.[key]));
  if (kind === "list") return knob in LISTS && Array.isArray(value) && value.every((one) => isGood(knob, one));
  if (name === "first") return AXES.includes(value);
  if (name === "second") return value === "" || AXES.includes(value);
  if (name === "folds" || name === "seeds") return Number.isInteger(value) && value >= 1 && value <= 10;
  if (name === "metric") return ["accuracy", "loss"].includes(value);
  return ["epochs", "dataset", "standardize"].includes(name) && isGood(name, value);
}

// A range's values: batch sizes double, dropout goes straight, all else by factors.
function valuesOf(name, { from, to, many }) {
  if (!(many >= 1) || !(to >= from)) return [];
  if (many === 1 || from === to) return [from];
  if (name === "batch_size") {
    const found = [];
    for (let size = from; size <= to && found.length < many; size *= 2) found.push(size);
    return found;
  }
  const share = (place) => place / (many - 1);
  const at = name === "dropout" ? (place) => from + (to - from) * share(place) : (place) => from * (to / from) ** share(place);
  return [...new Set(Array.from({ length: many }, (_, place) => Number(at(place).toPrecision(2))))];
}

export function mount(root, lab) {
  const { h, t } = lab;
  let controller = null;
  let loader = null;
  let isMounted = true;
  let drawing = false;
  const state = () => ({ ...DEFAULTS, dataset: "digits", ...lab.state });
  for (const [name, value] of Object.entries(lab.state)) if (!isFit(name, value)) delete lab.state[name];
  const rangeOf = (name) => lab.state[`${name}_range`] ?? RANGES[name];
  const listOf = (name) => lab.state[`${name}_list`] ?? LISTED[name];
  const axes = () => [...new Set([state().first, state().second])].filter((name) => AXES.includes(name));
  const chosen = (name) => (name in RANGES ? valuesOf(name, rangeOf(name)) : listOf(name));

  function ask() {
    const { dataset, epochs, folds, seeds, metric, standardize } = state();
    const grid = Object.fromEntries(axes().map((name) => [name, chosen(name)]));
    const data = kept.known.find((one) => one.name === dataset);
    const isNumbers = (data?.task ?? "classification") !== "classification";
    if (!grid.lr) grid.lr = [SLIDERS.lr.value];
    return { dataset, epochs, folds, seeds, metric: isNumbers ? "loss" : metric, standardize, ...grid };
  }
  const count = () => axes().reduce((product, name) => product * chosen(name).length, 1) * state().seeds * (state().folds ?? 1);

  // --- what is swept ---
  const data = choice(t, "dataset", [], "digits", (name) => change({ dataset: name }));
  const axisBoxes = { first: h("fieldset", { class: "axis" }), second: h("fieldset", { class: "axis" }) };
  const epochs = slider(t, "epochs", 5, (value) => change({ epochs: value }));
  const folds = choice(t, "folds", [null, 3, 5, 10].map((n) => [n, n ? t("knobs.folds.n", { n }) : t("knobs.folds.none")]), null, (value) => change({ folds: value }));
  const seeds = choice(t, "seeds", [1, 2, 3, 5].map((n) => [n, String(n)]), 1, (value) => change({ seeds: value }));
  const metric = choice(t, "metric", ["accuracy", "loss"].map((one) => [one, t(`sweep.${one}`)]), "accuracy", (value) => change({ metric: value }));
  const standardize = check(t, "standardize", false, (value) => change({ standardize: value }));
  const size = h("p", { class: "soft" });
  const start = h("button", { type: "button", class: "main", onclick: () => sweep() }, t("sweep.start"));
  const stop = h("button", { type: "button", disabled: true, onclick: () => halt() }, t("sweep.stop"));
  const panel = h("section", { class: "card knobs", ariaLabel: t("shell.sweep") }, data.element, axisBoxes.first, axisBoxes.second,
    h("fieldset", { class: "axis" }, epochs.element, folds.element, seeds.element, metric.element, standardize.element), size, h("div", { class: "row" }, start, stop));

  // --- what comes of it ---
  const progress = h("progress", { max: 1, value: 0, ariaLabel: t("sweep.curves") });
  const said = h("p", {}, t("sweep.empty"));
  const loadedLine = h("p", { class: "row", hidden: true, ariaLive: "polite" });
  const head = h("section", { class: "card headline" }, h("div", {}, said, loadedLine), progress);
  const heat = h("div", { class: "chart tall" });
  const lines = h("div", { class: "chart tall" });
  const ranking = h("div", { class: "wide-table" });
  const code = h("div");
  const charts = h("div", { class: "pair" },
    h("section", { class: "card" }, h("h2", {}, t("sweep.heat")), h("p", { class: "soft" }, t("sweep.heatHint")), heat),
    h("section", { class: "card" }, h("h2", {}, t("sweep.curves")), h("p", { class: "soft" }, t("sweep.heatHint")), lines));
  const table = h("section", { class: "card" }, h("h2", {}, t("sweep.ranking")), ranking);
  charts.hidden = table.hidden = true;
  root.append(h("div", { class: "columns" }, panel, h("div", { class: "stack" }, head, charts, table, code)));
  const copies = lab.copy(code, () => lab.json("api/sweep/code", ask()));

  function change(some) {
    const next = { ...some };
    for (const name of Object.keys(DEFAULTS)) if (next[name] === DEFAULTS[name]) next[name] = undefined;
    lab.save(next);
    say();
    copies.refresh();
  }

  function say() {
    const n = count();
    const isGood = n >= 1 && n <= MOST;
    size.textContent = n > MOST ? t("sweep.tooMany", { n, most: MOST }) : n < 1 ? t("sweep.badRange") : t("sweep.models", { n });
    size.className = isGood ? "soft" : "problem";
    start.disabled = !isGood;
  }

  function drawAxes() {
    for (const place of ["first", "second"]) {
      const name = state()[place];
      const other = state()[place === "first" ? "second" : "first"];
      const options = AXES.filter((one) => one !== other).map((one) => [one, t(`knobs.${one}`)]);
      if (place === "second") options.unshift(["", t("sweep.nothing")]);
      const pick = choice(t, place, options, name, (value) => {
        change({ [place]: value });
        drawAxes();
        pickFocus(place);
      });
      const below = name in RANGES ? rangeBox(name) : name in LISTS ? listBox(name) : [];
      axisBoxes[place].replaceChildren(pick.element, ...[below].flat());
    }
  }
  const pickFocus = (place) => axisBoxes[place].querySelector("select").focus();

  function rangeBox(name) {
    const values = h("p", { class: "values" });
    const show = () => (values.textContent = chosen(name).map(shown).join(", ") || t("sweep.badRange"));
    const box = (key) => h("label", {}, t(`sweep.${key}`), h("input", {
      type: "number", step: "any", min: key === "many" ? "1" : "0", max: key === "many" ? "24" : "1000", value: String(rangeOf(name)[key]), id: `${name}-${key}`,
      oninput: (event) => {
        const value = Number(event.target.value);
        if (event.target.value === "" || !event.target.checkValidity()) return;
        change({ [`${name}_range`]: { ...rangeOf(name), [key]: value } });
        show();
      },
    }));
    show();
    return [h("div", { class: "range" }, box("from"), box("to"), box("many")), values];
  }

  function listBox(name) {
    return h("div", { class: "several" }, LISTS[name].map((one) => h("label", {}, h("input", {
      type: "checkbox", checked: listOf(name).includes(one), value: one,
      onchange: (event) => {
        const all = LISTS[name].filter((other) => (other === one ? event.target.checked : listOf(name).includes(other)));
        change({ [`${name}_list`]: all });
        if (!all.length) size.textContent = t("sweep.pickOne");
      },
    }), textOf(t, `knobs.${name}.${one}`, one))));
  }

  function halt() {
    controller?.abort();
    stop.disabled = true;
    lab.say(t("sweep.stopped"));
  }

  async function sweep() {
    controller?.abort();
    loader?.abort();
    const mine = (controller = new AbortController());
    const run = (kept.sweep = { ask: ask(), axes: axes(), epochs: [], share: 0, end: null, settings: [], loaded: null });
    stop.disabled = false;
    loadedLine.hidden = true;
    try {
      await lab.stream("api/sweep", run.ask, (frame) => take(run, frame), mine.signal);
    } catch (error) {
      if (!mine.signal.aborted && isMounted) lab.fail(error);
    }
    if (controller === mine) stop.disabled = true;
  }

  function take(run, frame) {
    if (frame.kind === "waiting") lab.say(t("sweep.waiting", { n: frame.ahead }));
    else if (frame.kind === "start") Object.assign(run, { settings: frame.settings, models: frame.models, metric: frame.metric });
    else if (frame.kind === "progress") run.share = frame.epoch / run.ask.epochs;
    else if (frame.kind === "epoch") {
      run.epochs.push(frame);
      run.share = frame.epoch / run.ask.epochs;
    } else if (frame.kind === "end") run.end = frame;
    if (drawing) return;
    drawing = true;
    requestAnimationFrame(() => {
      drawing = false;
      if (isMounted && kept.sweep === run) draw(run, frame.kind);
    });
  }

  function draw(run) {
    progress.value = run.end ? 1 : run.share;
    progress.classList.toggle("over", run.end !== null);
    const epoch = Math.min(run.ask.epochs, Math.floor(run.share * run.ask.epochs) + 1);
    said.textContent = run.end ? leadOf(run) + edgesOf(run) : t("sweep.running", { epoch, epochs: run.ask.epochs });
    if (run.end) lab.say(t("sweep.done", { models: run.models, seconds: run.end.seconds.toFixed(2) }));
    if (!run.settings.length) return;
    charts.hidden = false;
    table.hidden = run.end === null;
    drawHeat(run);
    drawLines(run);
    if (run.end) drawRanking(run);
  }

  const isRate = (run) => run.metric.endsWith("accuracy");
  const figureOf = (run, value) => (value === null || value === undefined ? t("sweep.diverged") : isRate(run) ? `${(100 * value).toFixed(2)} %` : value.toFixed(4));
  // The newest figure of each setting; in the end that of the library's table.
  function newest(run) {
    if (!run.end) return run.epochs.at(-1)?.figures[run.metric] ?? run.settings.map(() => null);
    const values = run.settings.map(() => null);
    run.end.order.forEach((place, row) => (values[place] = run.end.table[row][run.metric]));
    return values;
  }
  const valueOf = (name, value) => (typeof value === "number" ? shown(value) : textOf(t, `knobs.${name}.${value}`, String(value)));
  const nameOf = (run, place) => run.axes.map((name) => `${t(`knobs.${name}`)} ${valueOf(name, run.settings[place][name])}`).join(", ");
  const metricName = (run) => t(isRate(run) ? "sweep.validationAccuracy" : "sweep.validationLoss");

  function leadOf(run) {
    const { margin, table: rows } = run.end;
    if (rows[0][run.metric] === null) return t("sweep.allDiverged");
    const best = `${nameOf(run, run.end.order[0])}: ${figureOf(run, rows[0][run.metric])}. `;
    if (margin.difference === null) return best;
    const difference = isRate(run) ? t("sweep.points", { n: (100 * Math.abs(margin.difference)).toFixed(2) }) : Math.abs(margin.difference).toFixed(4);
    if (margin.p === null) return best + t("sweep.unsure", { difference });
    const error = isRate(run) ? (100 * margin.error).toFixed(2) : margin.error.toFixed(4);
    return best + t(margin.within_noise ? "sweep.noise" : "sweep.sure", { difference, error, p: margin.p.toPrecision(2) });
  }

  // Which knobs won at the edge of what was tried.
  const edgesOf = (run) => run.end.edges.map(({ hyperparameter, value, widen }) => " " + t(`sweep.edge.${widen}`, { name: t(`knobs.${hyperparameter}`), value: shown(value) })).join("");

  // One axis: dots along it. Two: a heat map. Places carry the setting's number, for clicks.
  function drawHeat(run) {
    const [across, down] = run.axes;
    const values = newest(run);
    const ticks = (name) => run.ask[name].map((value) => valueOf(name, value));
    const best = run.end && run.end.table[0][run.metric] !== null ? run.end.order[0] : null;
    const common = { customdata: [], hovertemplate: "%{text}<extra></extra>" };
    const texts = values.map((value, place) => `${nameOf(run, place)}<br>${metricName(run)} ${figureOf(run, value)}`);
    let trace;
    if (down) {
      const at = (i, j) => run.settings.findIndex((one) => one[across] === run.ask[across][j] && one[down] === run.ask[down][i]);
      const places = run.ask[down].map((_, i) => run.ask[across].map((_, j) => at(i, j)));
      trace = {
        ...common, type: "heatmap", x: ticks(across), y: ticks(down), z: places.map((row) => row.map((place) => values[place])), customdata: places,
        text: places.map((row) => row.map((place) => texts[place])), colorscale: "Cividis", reversescale: !isRate(run), xgap: 2, ygap: 2,
        colorbar: { thickness: 12, tickformat: isRate(run) ? ".1%" : "", outlinewidth: 0 },
      };
    } else {
      trace = {
        ...common, type: "scatter", mode: "lines+markers", x: ticks(across), y: run.ask[across].map((value) => values[run.settings.findIndex((one) => one[across] === value)]),
        customdata: run.ask[across].map((value) => run.settings.findIndex((one) => one[across] === value)), marker: { size: 9, color: colour(0) }, line: { color: colour(0), width: 1.5 },
      };
      trace.text = trace.customdata.map((place) => texts[place]);
    }
    const traces = [trace];
    if (best !== null) {
      const spot = run.settings[best];
      traces.push({
        type: "scatter", mode: "markers", x: [valueOf(across, spot[across])], y: [down ? valueOf(down, spot[down]) : values[best]], customdata: [best], hoverinfo: "skip", showlegend: false,
        marker: { symbol: "star", size: 15, color: colour(1), line: { color: "#fff", width: 1.2 } },
      });
    }
    lab.chart(heat, traces, {
      xaxis: { type: "category", title: { text: t(`knobs.${across}`), standoff: 6 } }, showlegend: false,
      yaxis: down ? { type: "category", title: { text: t(`knobs.${down}`) } } : { title: { text: metricName(run) }, tickformat: isRate(run) ? ".1%" : "" },
    }).then(() => clicks(heat, run));
  }

  function drawLines(run) {
    const best = run.end?.order[0];
    const across = run.axes[0];
    const shades = run.ask[across].length;
    const traces = run.settings.map((setting, place) => ({
      x: run.epochs.map((frame) => frame.epoch), y: run.epochs.map((frame) => frame.figures[run.metric][place]), name: nameOf(run, place),
      mode: run.epochs.length > 1 ? "lines" : "markers", hovertemplate: `%{y:${isRate(run) ? ".2%" : ".4f"}}`, customdata: run.epochs.map(() => place),
      line: place === best ? { color: colour(1), width: 3.5 } : { color: shade(run.ask[across].indexOf(setting[across]) / Math.max(1, shades - 1)), width: 1.4 },
    }));
    if (best !== undefined) traces.push(traces.splice(best, 1)[0]);
    const low = isRate(run) ? undefined : lossRange(run);
    lab.chart(lines, traces, {
      xaxis: { title: { text: t("sweep.epoch"), standoff: 6 }, range: [1, Math.max(2, run.ask.epochs)], dtick: run.ask.epochs <= 10 ? 1 : undefined },
      yaxis: { title: { text: metricName(run) }, tickformat: isRate(run) ? ".0%" : "", range: low }, showlegend: false, hovermode: "closest",
    }).then(() => clicks(lines, run));
  }

  // Losses of diverging models would hide all others: twice the median is as far as one looks.
  function lossRange(run) {
    const all = run.epochs.flatMap((frame) => frame.figures[run.metric]).filter((value) => value !== null).sort((a, b) => a - b);
    if (!all.length) return undefined;
    const most = Math.min(all.at(-1), 2 * all[Math.floor(all.length / 2)]);
    return [0.95 * all[0], 1.05 * most];
  }

  // From light blue to dark: the values of the first axis in their order, told apart in grey too.
  function shade(share) {
    const [low, high] = lab.theme === "dark" ? [[70, 96, 120], [190, 225, 250]] : [[170, 205, 230], [10, 50, 90]];
    return `rgb(${low.map((value, channel) => Math.round(value + share * (high[channel] - value))).join(",")})`;
  }

  function clicks(element, run) {
    element.removeAllListeners?.("plotly_click");
    element.on?.("plotly_click", ({ points }) => {
      const place = points[0]?.customdata;
      if (run.end && Number.isInteger(place)) load(run, place);
    });
  }

  function drawRanking(run) {
    const rows = run.end.order.slice(0, LINES).map((place, row) => {
      const line = run.end.table[row];
      const error = line[`${run.metric}_se`];
      const figure = figureOf(run, line[run.metric]) + (error == null ? "" : ` ± ${isRate(run) ? (100 * error).toFixed(2) : error.toFixed(4)}`);
      const other = isRate(run) ? line.validation_loss : line.validation_accuracy;
      return h("tr", { class: row === 0 ? "first" : "" }, run.axes.map((name) => h("td", {}, valueOf(name, run.settings[place][name]))),
        h("td", {}, figure), h("td", { class: "extra" }, other == null ? "–" : isRate(run) ? other.toFixed(4) : `${(100 * other).toFixed(2)} %`),
        h("td", {}, h("button", { type: "button", disabled: line[run.metric] === null, onclick: () => load(run, place), ariaLabel: `${t("sweep.load")}: ${nameOf(run, place)}` }, t("sweep.load"))));
    });
    const heads = [...run.axes.map((name) => t(`knobs.${name}`)), metricName(run), t(isRate(run) ? "sweep.validationLoss" : "sweep.validationAccuracy"), ""];
    ranking.replaceChildren(h("table", { class: "ranking" }, h("thead", {}, h("tr", {}, heads.map((text, place) => h("th", { scope: "col", class: place === run.axes.length + 1 ? "extra" : "" }, text)))), h("tbody", {}, rows)));
  }

  // The settings trained on all rows, as the library's refit does, and scored on the test rows.
  async function load(run, place) {
    loader?.abort();
    const mine = (loader = new AbortController());
    const { dataset, epochs: many } = run.ask;
    const settings = { ...run.settings[place], epochs: many };
    loadedLine.hidden = false;
    loadedLine.replaceChildren(t("sweep.loading"));
    try {
      let opening;
      await lab.stream("api/train", { dataset, ...settings }, (frame) => {
        if (frame.kind === "start") opening = frame;
        if (frame.kind !== "end") return;
        const hasClasses = opening.classes.length > 0;
        const accuracy = hasClasses ? `${(100 * (frame.figures.test_accuracy ?? frame.live.accuracy)).toFixed(2)} %` : share(frame.live.r2, 4);
        lab.load({ id: frame.model, name: `${titleOf(t, kept.known, dataset)} · ${hasClasses ? "" : "R² "}${accuracy}`, classes: opening.classes, image_shape: opening.image_shape });
        loadedLine.replaceChildren(h("span", {}, t(hasClasses ? "sweep.loaded" : "sweep.loadedNumbers", { accuracy })),
          h("button", { type: "button", onclick: () => lab.open("train", { dataset, ...settings }) }, t("sweep.open")));
      }, mine.signal);
    } catch (error) {
      if (mine.signal.aborted || !isMounted) return;
      loadedLine.hidden = true;
      lab.fail(error);
    }
  }

  async function begin() {
    try {
      kept.known = await lab.json("api/data");
    } catch (error) {
      lab.fail(error);
      return;
    }
    if (!isMounted) return;
    const there = kept.known.filter((one) => one.is_there);
    data.fill(datasets(t, there));
    if (!lab.state.dataset) lab.state.dataset = there[0]?.name ?? "digits";
    const now = state();
    data.set(now.dataset);
    epochs.set(now.epochs);
    folds.set(now.folds);
    seeds.set(now.seeds);
    metric.set(now.metric);
    standardize.set(now.standardize);
    drawAxes();
    say();
    if (kept.sweep?.end) draw(kept.sweep);
  }
  begin();
  return () => {
    isMounted = false;
    controller?.abort();
    loader?.abort();
  };
}
