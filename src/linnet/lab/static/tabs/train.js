// Train: move a knob and see at once what it does.

import { check, choice, datasets, isGood, named, slider, textOf, titleOf, AUGMENTATIONS, OPTIMIZERS, SLIDERS, share, shown } from "../knobs.js";
import { tablePanel } from "../panel.js";
import { uploader } from "../upload.js";
import { LabError } from "../api.js";
import { curves, scene } from "../training.js";

const DEFAULTS = { optimizer: "sgd", augment: "none", patience: null, standardize: false, seed: 1 };
for (const name of Object.keys(SLIDERS)) DEFAULTS[name] = SLIDERS[name].value;
const PINS = 6;
const WORSE = 2; // times the loss of guessing: penalties and dropout may raise it a little
const SPREAD = 0.1; // of weights at the start, above which the loss is high for another reason
const FEW = 10000; // rows of a table up to which it is trained on for longer, in smaller steps
const SMALL = { epochs: 30, batch_size: 32 };
const CHART_EVERY = 150; // milliseconds

// What outlives a change of language or tab: the last run, and those that were pinned.
const kept = { run: null, pins: [], known: [] };

export function mount(root, lab) {
  const { h, t } = lab;
  const controller = { now: null };
  let place = null; // the frame that is looked at; null: the newest
  let drawing = false;
  let charting = 0;
  let chartedAt = 0;
  let isMounted = true;

  const ask = () => ({ ...DEFAULTS, dataset: "digits", ...lab.state });
  for (const [name, value] of Object.entries(lab.state)) if (!isGood(name, value)) delete lab.state[name];
  const number = (value) => h("span", { class: "figure number" }, value);

  // --- the knobs ---
  const data = choice(t, "dataset", [], "digits", (name) => change({ dataset: name }, true));
  const parts = {
    dataset: data,
    lr: slider(t, "lr", DEFAULTS.lr, (value) => change({ lr: value })),
    batch_size: slider(t, "batch_size", 256, (value) => change({ batch_size: value })),
    epochs: slider(t, "epochs", 10, (value) => change({ epochs: value })),
    optimizer: choice(t, "optimizer", named(t, "optimizer", OPTIMIZERS), "sgd", (value) => change({ optimizer: value })),
    l2: slider(t, "l2", 0, (value) => change({ l2: value })),
    l1: slider(t, "l1", 0, (value) => change({ l1: value })),
    std: slider(t, "std", 0.01, (value) => change({ std: value })),
    dropout: slider(t, "dropout", 0, (value) => change({ dropout: value })),
    augment: choice(t, "augment", named(t, "augment", AUGMENTATIONS), "none", (value) => change({ augment: value })),
    patience: choice(t, "patience", [null, 1, 2, 3, 5, 10].map((n) => [n, n ? t("knobs.patience.n", { n }) : t("knobs.patience.off")]), null, (value) => change({ patience: value })),
    standardize: check(t, "standardize", false, (value) => change({ standardize: value })),
    seed: choice(t, "seed", [1, 2, 3, 4, 5].map((n) => [n, String(n)]), 1, (value) => change({ seed: value })),
  };
  const setKnobs = () => {
    const now = ask();
    for (const [name, part] of Object.entries(parts)) part.set(now[name]);
    columns.hidden = !tableOf(now.dataset);
    readAs.textContent = kept.known.find((one) => one.name === now.dataset)?.read?.join("; ") ?? "";
  };
  const panelOfTable = tablePanel(t, lab.language, (known, last) => taken(known, last));
  const [own, ownDialog] = uploader(t, (known) => (known.is_table && !known.is_image ? panelOfTable.open(known) : taken(known)));
  const columns = h("button", { type: "button", class: "quiet", hidden: true, onclick: () => panelOfTable.open(tableOf(ask().dataset)) }, t("knobs.columns"));
  const readAs = h("p", { class: "soft read-as" }); // what was read as what, of data without a panel
  const tableOf = (name) => kept.known.find((one) => one.name === name && one.is_table);
  const reset = h("button", { type: "button", class: "quiet", onclick: () => replace({ dataset: ask().dataset }) }, t("train.reset"));
  const panel = h("section", { class: "card knobs", ariaLabel: t("scene.train") },
    data.element, h("div", { class: "row own" }, own, columns), readAs, ownDialog, panelOfTable.dialog,
    parts.lr.element, parts.batch_size.element, parts.epochs.element, parts.optimizer.element, parts.l2.element, parts.l1.element,
    parts.std.element, parts.dropout.element, parts.augment.element, parts.patience.element, parts.standardize.element, parts.seed.element,
    h("div", { class: "row end" }, reset));

  // --- what comes of them ---
  const figures = { accuracy: number("–"), loss: number("–"), trainAccuracy: number("–"), trainLoss: number("–") };
  const labels = Object.fromEntries(Object.keys(figures).map((name) => [name, h("small", {}, t(`train.${name}`))]));
  const progress = h("progress", { max: 1, value: 0, ariaLabel: t("train.running") });
  const where = h("span", { class: "soft number", id: "where" });
  const stop = h("button", { type: "button", onclick: () => halt() }, t("train.stop"));
  const pin = h("button", { type: "button", onclick: () => pinRun() }, t("train.pin"));
  const lower = h("button", { type: "button", class: "main", hidden: true, onclick: () => change({ lr: lowered() }, true) });
  const head = h("section", { class: "card headline" },
    h("div", { class: "figures" }, Object.entries(figures).map(([name, value]) =>
      h("div", { class: name === "accuracy" ? "first" : name === "trainLoss" ? "extra" : "" }, value, labels[name]))),
    h("div", { class: "row" }, lower, stop, pin), progress);
  const lines = curves(lab, h("div", { class: "chart" }), h("div", { class: "chart" }));
  const scrub = h("input", { type: "range", min: "0", max: "0", value: "0", ariaLabel: t("train.scrub"), id: "scrub" });
  const live = h("button", { type: "button", class: "quiet", onclick: () => look(null) }, t("train.latest"));
  scrub.addEventListener("input", () => look(Number(scrub.value) === frames().length - 1 ? null : Number(scrub.value)));
  const pins = h("div", { class: "row pins" });
  const charts = h("section", { class: "card" }, h("div", { class: "pair" },
    h("div", {}, h("h2", {}, t("scene.lossTitle")), lines.loss), h("div", {}, lines.title, lines.accuracy)),
    h("div", { class: "scrub" }, h("label", { htmlFor: "scrub" }, t("train.scrub")), scrub, where, live), pins);
  const view = scene(lab);
  const code = h("div");
  root.append(h("div", { class: "columns" }, panel, h("div", { class: "stack" }, head, charts, view.element, code)));
  const copies = lab.copy(code, () => lab.json("api/train/code", ask()));

  // Data of one's own, or a table as it is read now.
  function taken(known, last = "") {
    const isNew = !kept.known.some((one) => one.name === last || one.name === known.name);
    kept.known = [...kept.known.filter((one) => one.name !== last && one.name !== known.name), known];
    data.fill(datasets(t, kept.known));
    const usual = { standardize: false, ...(known.is_table && known.rows < FEW ? SMALL : {}) };
    change({ dataset: known.name, ...(isNew ? usual : {}) }, true);
  }

  const frames = () => kept.run?.frames ?? [];
  const lowered = () => Number((ask().lr / 10).toPrecision(2));

  function change(some, isOthers = false) {
    const next = { ...lab.state, ...some };
    // What is as it would be anyway is left out of the address.
    for (const name of Object.keys(DEFAULTS)) if (next[name] === DEFAULTS[name]) next[name] = undefined;
    lab.save(next);
    if (isOthers) setKnobs();
    copies.refresh();
    train();
  }

  function replace(state) {
    for (const name of Object.keys(lab.state)) lab.state[name] = undefined;
    change(state, true);
  }

  function halt() {
    controller.now?.abort();
    if (kept.run && !kept.run.isOver) kept.run.isOver = kept.run.isStopped = true;
    lab.say(t("train.stopped"));
    stop.disabled = true;
  }

  async function train() {
    controller.now?.abort();
    const mine = (controller.now = new AbortController());
    const run = { ask: ask(), frames: [], opening: null, isOver: false };
    run.columns = kept.known.find((one) => one.name === run.ask.dataset)?.columns;
    stop.disabled = false;
    lower.hidden = true;
    place = null;
    try {
      await fetched(run.ask.dataset, mine.signal);
      await lab.stream("api/train", run.ask, (frame) => take(run, frame), mine.signal);
    } catch (error) {
      if (mine.signal.aborted || !isMounted) return;
      run.isOver = true;
      troubled(run, error);
    }
    if (controller.now === mine) stop.disabled = true;
  }

  function troubled(run, error) {
    if (error instanceof LabError && error.kind === "diverged") {
      figures.accuracy.textContent = t("train.diverged");
      offerLower();
    }
    if (error instanceof LabError && error.status === 404 && run.ask.dataset.startsWith("upload-")) lab.fail(new LabError(t("train.goneData")));
    else lab.fail(error);
  }

  function offerLower() {
    lower.textContent = t("train.lower", { lr: shown(lowered()) });
    lower.hidden = false;
  }

  // A data set that is not on this machine is downloaded first.
  async function fetched(name, signal) {
    const one = kept.known.find((known) => known.name === name);
    if (!one || one.is_there) return;
    const mib = (bytes) => (bytes / 2 ** 20).toFixed(1);
    await lab.stream("api/data/fetch", { dataset: name }, (frame) => {
      if (frame.kind === "fetching") lab.say(t("train.fetching", { done: mib(frame.done), size: frame.size ? mib(frame.size) : "?" }));
    }, signal);
    one.is_there = true;
    data.fill(datasets(t, kept.known));
    data.set(name);
  }

  function take(run, frame) {
    if (frame.kind === "waiting") lab.say(t("train.waiting", { n: frame.ahead }));
    else if (frame.kind === "start") {
      run.opening = frame;
      lab.say(t("train.running"));
    } else if (frame.kind === "frame" || frame.kind === "epoch") {
      run.frames.push(frame);
      kept.run = run;
      if (run.frames.length > 1) soon();
      else {
        draw();
        root.dispatchEvent(new CustomEvent("firstframe", { bubbles: true })); // the benchmark waits for it
      }
    } else if (frame.kind === "end") finish(run, frame);
  }

  function finish(run, frame) {
    run.isOver = true;
    run.end = frame;
    if (frame.figures.epoch !== run.frames.at(-1)?.figures.epoch) run.best = frame;
    const isEarly = frame.status.startsWith("stopped");
    const epochs = run.frames.filter((one) => one.kind === "epoch").length;
    const { classes } = run.opening;
    const chance = Math.log(classes.length);
    const isWorse = classes.length > 0 && frame.figures.train_loss > WORSE * chance && run.ask.std <= SPREAD;
    const isPoor = !classes.length && frame.live.r2 < 0;
    if (isWorse) offerLower();
    const worse = isPoor ? t("train.worseMean", { r2: share(frame.live.r2, 2) }) : isWorse ? t("train.worse", { chance: chance.toFixed(2) }) : "";
    lab.say(worse ? worse : isEarly ? t("train.early", { epochs }) : t("train.done", { epochs, seconds: frame.seconds.toFixed(2) }));
    const accuracy = frame.figures.test_accuracy ?? frame.live.accuracy;
    const judged = classes.length ? `${(100 * accuracy).toFixed(1)} %` : `R² ${share(frame.live.r2, 3)}`;
    lab.load({
      id: frame.model, name: `${titleOf(t, kept.known, run.ask.dataset)}${judged ? ` · ${judged}` : ""}`, classes, image_shape: run.opening.image_shape,
    });
    draw();
    root.dispatchEvent(new CustomEvent("trainingend", { bubbles: true }));
  }

  function soon() {
    if (drawing) return;
    drawing = true;
    requestAnimationFrame(() => {
      drawing = false;
      if (isMounted) draw();
    });
  }

  function look(next) {
    place = next;
    draw();
  }

  // Everything that depends on the frame that is looked at.
  function draw() {
    const run = kept.run;
    if (!run?.frames.length) return;
    const frame = place === null ? run.best ?? run.frames.at(-1) : run.frames[place];
    const percent = (share) => (share === undefined ? "–" : `${(100 * share).toFixed(2)} %`);
    const hasClasses = run.opening.classes.length > 0;
    const said = (value) => (!Number.isFinite(value) ? "–" : hasClasses ? value.toFixed(4) : shown(Number(value.toPrecision(5))));
    labels.accuracy.textContent = t(hasClasses ? "train.accuracy" : "train.r2");
    labels.trainAccuracy.textContent = t(hasClasses ? "train.trainAccuracy" : "train.rmse");
    figures.accuracy.textContent = hasClasses ? percent(frame.figures.test_accuracy ?? frame.live.accuracy) : share(frame.live.r2, 4);
    figures.loss.textContent = said(frame.figures.test_loss ?? frame.live.loss);
    figures.trainAccuracy.textContent = hasClasses ? percent(frame.figures.train_accuracy) : said(frame.live.rmse);
    figures.trainLoss.textContent = said(frame.figures.train_loss);
    const epoch = frame.figures.epoch;
    where.textContent = t("train.epochOf", { epoch: Number.isInteger(epoch) ? epoch : epoch.toFixed(1), epochs: run.ask.epochs });
    progress.value = run.isOver ? 1 : run.frames.at(-1).figures.epoch / run.ask.epochs;
    progress.classList.toggle("over", run.isOver);
    scrub.max = String(run.frames.length - 1);
    scrub.value = String(place ?? run.frames.length - 1);
    live.disabled = place === null;
    live.textContent = run.isOver ? t("train.latest") : t("train.live");
    view.draw(run, frame, run.isOver || place !== null);
    drawLines(run, place === null && !run.best ? null : epoch);
  }

  // Charts cost most. While a training goes on they come after the rest has been painted, and not more often
  // than the eye follows: the training wants the processor too.
  function drawLines(run, epoch) {
    clearTimeout(charting);
    const wait = run.isOver || place !== null ? 0 : Math.max(30, chartedAt + CHART_EVERY - performance.now());
    charting = setTimeout(() => {
      if (!isMounted) return;
      chartedAt = performance.now();
      lines.draw(run, kept.pins, epoch);
    }, wait);
  }

  function pinRun() {
    if (!kept.run?.frames.length || kept.pins.includes(kept.run)) return;
    kept.pins = [...kept.pins.slice(-(PINS - 1)), kept.run];
    drawPins();
    draw();
  }

  function nameOf(run) {
    const texts = Object.entries(run.ask).filter(([name, value]) => name !== "dataset" && value !== DEFAULTS[name])
      .map(([name, value]) => `${t(`knobs.${name}`)} ${typeof value === "number" ? shown(value) : textOf(t, `knobs.${name}.${value}`, String(value))}`);
    return `${titleOf(t, kept.known, run.ask.dataset)}: ${texts.join(", ") || t("train.book")}`;
  }

  function drawPins() {
    kept.pins.forEach((run) => (run.name = nameOf(run)));
    pins.replaceChildren(...kept.pins.map((run, place) => h("span", { class: "pin" },
      h("i", { class: `swatch pin-${place}` }),
      h("button", { type: "button", class: "quiet", title: t("train.restore"), onclick: () => replace(run.ask) }, run.name),
      h("button", { type: "button", class: "quiet", ariaLabel: `${t("train.unpin")}: ${run.name}`, onclick: () => {
        kept.pins = kept.pins.filter((other) => other !== run);
        drawPins();
        draw();
      } }, "×"))));
  }

  async function begin() {
    try {
      kept.known = await lab.json("api/data");
    } catch (error) {
      lab.fail(error);
      return;
    }
    if (!isMounted) return;
    data.fill(datasets(t, kept.known));
    const best = kept.known.find((one) => one.is_there)?.name ?? "digits";
    if (!lab.state.dataset) lab.state.dataset = best;
    setKnobs();
    drawPins();
    const same = (kept.run?.end || kept.run?.isStopped) && JSON.stringify(kept.run.ask) === JSON.stringify(ask());
    if (same) draw();
    else train();
    stop.disabled = Boolean(same);
  }
  begin();
  return () => {
    isMounted = false;
    controller.now?.abort();
    if (kept.run && !kept.run.isOver) kept.run = null;
  };
}
