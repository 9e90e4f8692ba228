// The panel of a table: what was read of it, and what can be said of it: target, task, each column's kind.

import { h, json } from "./api.js";

const FLAGS = { header: [true, false], decimal: [".", ","], date_order: ["dmy", "mdy"] }; // that a whole file may need
const WORDS = { ".": "point", ",": "comma" };
const OUT = "ignore";
const WIDTH = 84; // of a figure
const HEIGHT = 22;

// A dialog for tables; `open(known)` shows one. `done(known, last)` gets it as it is read now, and its name before.
export function tablePanel(t, language, done) {
  const body = h("div", { class: "panel" });
  const dialog = h("dialog", { class: "card wide", ariaLabel: t("panel.label") }, body);
  let known = null;
  let first = "";

  async function open(opened) {
    [known, first] = [opened, opened.name];
    await draw();
    if (!dialog.open) dialog.showModal();
  }

  async function draw(problem = "") {
    let shown;
    try {
      shown = await json("api/data/table", { dataset: known.name, language });
    } catch (error) {
      body.replaceChildren(h("p", { class: "problem", role: "alert" }, error.kind === "gone" ? t("shell.gone") : error.message), ends(h("button", { type: "button", onclick: () => dialog.close() }, t("upload.close"))));
      return;
    }
    const form = formOf(t, shown, Boolean(known.parts?.test));
    const alert = h("p", { class: "problem", role: "alert", hidden: !(problem || shown.problem) }, problem || shown.problem);
    const apply = h("button", { type: "button", disabled: true, onclick: () => read(form, alert, apply) }, t("panel.apply"));
    const train = h("button", { type: "button", class: "main", disabled: shown.target === null, onclick: () => {
      dialog.close();
      done(known, first);
    } }, t("panel.train"));
    form.onchange = () => {
      apply.disabled = false;
      train.disabled = true;
      apply.classList.add("main");
    };
    body.replaceChildren(
      h("h2", {}, known.parts ? t("panel.titleParts", { parts: t("knobs.data_parts", { title: known.title, ...known.parts }), width: count(shown.width) })
        : t("panel.title", { title: known.title, rows: count(shown.rows), width: count(shown.width) })),
      h("ul", { class: "read" }, shown.lines.map((line) => h("li", {}, line))), alert, form.element,
      ends(h("button", { type: "button", onclick: () => dialog.close() }, t("upload.close")), apply, train));
    body.scrollTop = 0;
  }

  async function read(form, alert, apply) {
    apply.disabled = true;
    alert.hidden = false;
    alert.className = "soft";
    alert.textContent = t("upload.reading");
    try {
      known = await json("api/data/read", { dataset: known.name, table: form.said() });
    } catch (error) {
      alert.className = "problem";
      alert.textContent = error.kind === "gone" ? t("shell.gone") : error.message;
      apply.disabled = false;
      return;
    }
    await draw();
    (body.querySelector(".problem:not([hidden])") ?? body.querySelector("button.main:not(:disabled)"))?.scrollIntoView({ block: "nearest" });
    body.querySelector("#panel-target").focus();
  }

  return { dialog, open };
}

const ends = (...buttons) => h("div", { class: "row end sticky" }, buttons);
const count = (n) => n.toLocaleString("en-US");

// The fields of a table's panel; `said()` gives what was chosen in the words of linnet.load. Files to test on leave
// no share to choose.
function formOf(t, shown, hasTest) {
  const self = { element: null, onchange: () => {}, said };
  const { table } = shown;
  const changed = () => self.onchange();
  const names = shown.columns.map((column) => column.name);
  // A column to hash may be said with its buckets: shop=1024.
  const columnOf = (kind, said) => kind === "hash" ? said.replace(/(.)\s*=[0-9]+$/, "$1") : said;
  const wordsOf = (kind, name) => table[kind]?.find((said) => columnOf(kind, said) === name);
  const saidKind = (name) => [...shown.kinds, OUT].find((kind) => wordsOf(kind, name) !== undefined) ?? "";
  const target = select("target", t("panel.target"), [["", shown.target === null || table.target ? t("panel.choose") : t("panel.proposed", { name: shown.target })], ...names.map((name) => [name, name])], table.target ?? "");
  const task = select("task", t("panel.task"), [["", shown.task === null || table.task ? t("panel.asRead") : t("panel.auto", { kind: t(`panel.task_${shown.task}`) })], ...shown.tasks.map((one) => [one, t(`panel.task_${one}`)])], table.task ?? "");
  // The columns that say something of the rows, the class that is the positive one, and how rows are split.
  const own = ["sample_weight", "groups", "time", "exposure"].map((name) => [name, select(name, t(`panel.${name}`), [["", t("panel.none")], ...names.map((one) => [one, one])], table[name] ?? "")]);
  if (shown.classes.length === 2) own.push(["positive", select("positive", t("panel.positive"), [["", t("panel.auto", { kind: shown.classes[1] })], ...shown.classes.map((one) => [one, one])], table.positive ?? "")]);
  const share = h("input", { type: "number", id: "panel-test_size", min: "0.01", max: "0.99", step: "any", placeholder: "0.2", value: table.test_size ?? "", oninput: changed });
  share.field = h("div", { class: "field" }, h("label", { htmlFor: share.id }, t("panel.test_size")), share);
  const rare = h("input", { type: "number", id: "panel-rare", min: "1", step: "1", placeholder: t("panel.asRead"), value: table.rare ?? "", oninput: changed });
  rare.field = h("div", { class: "field" }, h("label", { htmlFor: rare.id }, t("panel.rare")), rare);
  const flags = Object.entries(FLAGS).map(([name, values]) => [name, select(name, t(`panel.${name}`), [["", t("panel.asRead")], ...values.map((value) => [JSON.stringify(value), t(`panel.${name}_${WORDS[value] ?? value}`)])], table[name] === undefined ? "" : JSON.stringify(table[name]))]);
  const texts = ["encoding", "sheet"].map((name) => [name, typed(name, t(`panel.${name}`), table[name] ?? "")]);
  const references = h("input", { type: "checkbox", id: "panel-references", checked: Boolean(table.references), onchange: changed });
  const kinds = new Map();
  const rows = shown.columns.map((column) => row(column));

  function select(name, label, options, value) {
    const made = h("select", { id: `panel-${name}`, onchange: changed }, options.map(([key, text]) => h("option", { value: key }, text)));
    made.value = value;
    made.field = h("div", { class: "field" }, h("label", { htmlFor: made.id }, label), made);
    return made;
  }

  function typed(name, label, value) {
    const made = h("input", { type: "text", id: `panel-${name}`, value, autocomplete: "off", spellcheck: false, oninput: changed });
    made.field = h("div", { class: "field" }, h("label", { htmlFor: made.id }, label), made);
    return made;
  }

  function row(column) {
    const { name, kind } = column;
    const isTarget = kind === "target";
    const nameOf = (one) => t(`panel.kind_${one === "left out" ? OUT : one}`);
    const pick = h("select", { ariaLabel: t("panel.kindOf", { name }), onchange: changed },
      [["", kind && !saidKind(name) ? t("panel.auto", { kind: nameOf(kind) }) : t("panel.asRead")], ...[...shown.kinds, OUT].map((one) => [one, nameOf(one)])].map(([key, text]) => h("option", { value: key }, text)));
    pick.value = saidKind(name);
    if (!isTarget) kinds.set(name, pick);
    const becomes = isTarget ? t("panel.isTarget") : kind === "left out" ? column.why : column.becomes ? t(column.becomes === 1 ? "panel.becomes_1" : "panel.becomes_n", { n: count(column.becomes) }) : "";
    return h("tr", { class: isTarget ? "target" : kind === "left out" ? "out" : "" },
      h("th", { scope: "row" }, name), h("td", {}, isTarget ? t("panel.isTarget") : pick),
      h("td", { class: "number", "data-label": t("panel.missing") }, column.missing ? `${(100 * column.missing).toFixed(1)} %` : "–"),
      h("td", {}, figureOf(column, t)), h("td", { class: "cells" }, valuesOf(column)), h("td", { class: "soft" }, isTarget ? "" : becomes));
  }

  // What stands as it was read is not said.
  function said() {
    const all = { target: target.value, task: task.value };
    for (const [name, one] of [...texts, ...own]) all[name] = one.value.trim();
    const found = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ""));
    for (const [name, one] of flags) if (one.value !== "") found[name] = JSON.parse(one.value);
    if (references.checked) found.references = true;
    if (share.value !== "") found.test_size = Number(share.value);
    if (rare.value !== "") found.rare = Number(rare.value);
    for (const [name, pick] of kinds) if (pick.value && name !== found.target) (found[pick.value] ??= []).push(wordsOf(pick.value, name) ?? name);
    for (const kind of [...shown.kinds, OUT]) { // of columns beyond those that are shown
      const others = (table[kind] ?? []).filter((said) => !names.includes(columnOf(kind, said)));
      if (others.length) found[kind] = [...(found[kind] ?? []), ...others];
    }
    return found;
  }

  const head = ["column", "kind", "missing", "spread", "values", "becomes"].map((name) => h("th", { scope: "col" }, t(`panel.${name}`)));
  const isCut = shown.width > shown.columns.length;
  const isSome = shown.looked_at < shown.rows;
  self.element = h("div", { class: "stack" },
    h("div", { class: "row fields" }, target.field, task.field),
    h("div", { class: "wide-table" }, h("table", { class: "schema" }, h("thead", {}, h("tr", {}, head)), h("tbody", {}, rows))),
    isCut ? h("p", { class: "soft" }, t("panel.cut", { n: count(shown.width), most: shown.columns.length })) : null,
    isSome ? h("p", { class: "soft" }, t("panel.some", { n: count(shown.looked_at) })) : null,
    h("details", { open: Boolean(shown.problem && !shown.columns.length) || [...flags, ...texts, ...own].some(([name]) => name in table) }, h("summary", {}, t("panel.more")),
      h("div", { class: "row fields" }, flags.map(([, one]) => one.field), texts.map(([, one]) => one.field), own.map(([, one]) => one.field), hasTest ? null : share.field, rare.field,
        h("label", { class: "row" }, references, t("panel.references")))));
  return self;
}

const short = (value) => String(Number(value.toPrecision(4)));
const dayOf = (days) => new Date(864e5 * days).toISOString().slice(0, 10);

// The ends of numbers and days, the shares of the most frequent levels, or some cells.
function valuesOf({ kind, figure, examples }) {
  if (figure?.ends) return figure.ends.map(kind === "date" ? dayOf : short).join(" … ");
  if (!figure) return examples.join(" · ");
  const all = figure.counts.reduce((sum, n) => sum + n, figure.others);
  return figure.levels.slice(0, 3).map((level, place) => `${level} ${Math.round((100 * figure.counts[place]) / all)} %`).join(" · ") + (figure.levels.length > 3 ? " …" : "");
}

// A histogram, or a bar a level.
function figureOf({ name, figure }, t) {
  if (!figure) return "";
  const make = (tag, props) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [key, value] of Object.entries(props)) element.setAttribute(key, value);
    return element;
  };
  const svg = make("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, class: "spread", role: "img", "aria-label": t("panel.spreadOf", { name }) });
  const counts = figure.others ? [...figure.counts, figure.others] : figure.counts;
  const step = Math.min(WIDTH / counts.length, figure.ends ? WIDTH : 12);
  const most = Math.max(...counts, 1);
  counts.forEach((n, place) => {
    const tall = n ? Math.max(1, (HEIGHT * n) / most) : 0;
    svg.append(make("rect", { x: place * step, y: HEIGHT - tall, width: Math.max(1, step - 1), height: tall, class: place >= figure.counts.length ? "others" : "" }));
  });
  return svg;
}
