// The shell: tabs, language, theme, the state in the URL, and `lab`, which each tab is given.

import { h, json, stream, Gone, LabError } from "./api.js";
import { chart, forget, images } from "./chart.js";
import { texts } from "./texts.js";

const TABS = ["train", "sweep", "try", "numbers", "line"];
const get = (id) => document.getElementById(id);
const states = Object.fromEntries(TABS.map((name) => [name, {}]));

let active = "";
let unmount = () => {};
let turn = 0;
let model = remembered("model", null);
let language = choice("lang", ["en", "zh"], navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en");
let theme = choice("theme", ["light", "dark"], matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");

// Texts by their keys, blanks such as {n} filled in; a key without a text stands for itself.
function translator(chosen) {
  return (key, values = {}) => (texts[chosen][key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

// A setting from the address, or as it was last time, or as the machine has it.
function choice(name, allowed, otherwise) {
  const asked = new URLSearchParams(location.search).get(name) ?? localStorage.getItem(`linnet-${name}`);
  return allowed.includes(asked) ? asked : otherwise;
}

function remembered(name, otherwise) {
  try {
    return JSON.parse(sessionStorage.getItem(`linnet-${name}`)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

// "#train?lr=0.5&epochs=20": the tab, and its state. Text stands as it is, all else as JSON.
function readHash() {
  const [name, query = ""] = location.hash.slice(1).split("?");
  const state = {};
  for (const [key, text] of new URLSearchParams(query)) {
    try {
      state[key] = JSON.parse(text);
    } catch {
      state[key] = text;
    }
  }
  return { name: TABS.includes(name) ? name : "train", state, hasState: query !== "" };
}

function hashOf(name) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(states[name])) {
    if (value !== undefined) query.set(key, typeof value === "string" && !isJson(value) ? value : JSON.stringify(value));
  }
  return `#${name}${query.size ? "?" + query : ""}`;
}

function isJson(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function labOf(name) {
  const t = translator(language);
  return {
    t, language, theme, h, json, stream, images,
    chart: (...all) => chart(...all).catch((error) => fail(error, t)),
    state: states[name],
    save(some) {
      Object.assign(states[name], some);
      for (const key of Object.keys(states[name])) if (states[name][key] === undefined) delete states[name][key];
      if (active === name) history.replaceState(null, "", hashOf(name));
    },
    model: () => model,
    load(loaded) {
      model = loaded;
      sessionStorage.setItem("linnet-model", JSON.stringify(loaded));
      showModel();
    },
    open(other, state) {
      states[other] = { ...state };
      location.hash = hashOf(other);
    },
    copy: (element, texts) => copyBox(element, texts, t),
    say: (text) => say(text),
    fail: (error) => fail(error, t),
  };
}

function say(text, isProblem = false) {
  const status = get("status");
  status.className = isProblem ? "problem" : "";
  if (status.textContent !== text) status.textContent = text;
}

function fail(error, t) {
  if (error?.name === "AbortError") return;
  if (!(error instanceof LabError)) console.error(error);
  const detail = error?.message ?? String(error);
  if (error?.kind === "diverged") say(`${t("shell.divergedAdvice")} ${language === "en" ? "" : `(${detail})`}`.trim(), true);
  else if (error?.kind === "gone") say(t("shell.gone"), true);
  else say(t("shell.failed", { detail }), true);
}

// A box that shows what is on the screen as Python and as a command, each with a button that copies it.
// `texts` gives { python, command }, or a promise of them; call the result's refresh() when they have changed.
function copyBox(element, texts, t) {
  const parts = { python: h("code"), command: h("code") };
  const rows = Object.entries(parts).map(([name, code]) => {
    const button = h("button", { type: "button", class: "quiet", onclick: () => copied(button, code, t) }, t("shell.copy"));
    return h("div", { class: "copy-row" }, h("div", { class: "copy-head" }, h("span", {}, t(`shell.${name}`)), button), h("pre", { tabIndex: 0 }, code));
  });
  const box = h("details", { class: "copy card" }, h("summary", {}, t("shell.code")), rows);
  const refresh = async () => {
    if (!box.open) return;
    try {
      const now = await texts();
      for (const [name, code] of Object.entries(parts)) {
        code.textContent = now[name] ?? "";
        code.closest(".copy-row").hidden = !now[name];
      }
    } catch (error) {
      fail(error, t);
    }
  };
  box.addEventListener("toggle", refresh);
  element.replaceChildren(box);
  return { refresh };
}

async function copied(button, code, t) {
  try {
    await navigator.clipboard.writeText(code.textContent);
  } catch {
    getSelection().selectAllChildren(code); // without leave to write: the reader presses Ctrl-C
    return;
  }
  button.textContent = t("shell.copied");
  setTimeout(() => (button.textContent = t("shell.copy")), 1500);
}

function showModel() {
  const chip = get("model");
  chip.hidden = !model;
  if (!model) return;
  chip.textContent = model.name;
  chip.title = translator(language)("shell.modelLabel");
}

const failures = Object.fromEntries(TABS.map((name) => [name, 0]));

// A tab's module. One that could not be had is asked for by another address: browsers remember the failure.
async function imported(name) {
  try {
    return await import(`./tabs/${name}.js${failures[name] ? `?again=${failures[name]}` : ""}`);
  } catch (error) {
    failures[name] += 1;
    throw error;
  }
}

async function show(name) {
  const mine = ++turn;
  unmount();
  unmount = () => {};
  forget(get("panel"));
  active = name;
  let module;
  try {
    module = await imported(name);
  } catch {
    if (mine !== turn) return;
    get("panel").replaceChildren();
    fail(new Gone(), translator(language));
    return;
  }
  if (mine !== turn) return; // another tab was asked for meanwhile
  const root = h("div", { class: `tab tab-${name}` });
  get("panel").replaceChildren(root);
  get("panel").setAttribute("aria-labelledby", `tab-${name}`);
  say("");
  const lab = labOf(name);
  try {
    unmount = module.mount(root, lab) ?? (() => {});
  } catch (error) {
    lab.fail(error);
  }
}

function dress() {
  const t = translator(language);
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.documentElement.dataset.theme = theme;
  document.title = `${t(`shell.${active || "train"}`)} · linnet lab`;
  get("tabs").replaceChildren(...TABS.map((name) => tabButton(name, t)));
  Object.assign(get("language"), { textContent: t("shell.language"), ariaLabel: t("shell.languageLabel") });
  const other = theme === "dark" ? "light" : "dark";
  Object.assign(get("theme"), { textContent: t(`shell.${other}`), ariaLabel: t(other === "dark" ? "shell.themeDark" : "shell.themeLight") });
  showModel();
}

function tabButton(name, t) {
  const isActive = name === active;
  return h("button", {
    type: "button", role: "tab", id: `tab-${name}`, ariaSelected: String(isActive), "aria-controls": "panel",
    tabIndex: isActive ? 0 : -1, onclick: () => select(name), onkeydown: (event) => step(event, name),
  }, t(`shell.${name}`));
}

function step(event, name) {
  const places = { ArrowRight: 1, ArrowLeft: -1 };
  const now = TABS.indexOf(name);
  let next;
  if (event.key in places) next = (now + places[event.key] + TABS.length) % TABS.length;
  else if (event.key === "Home") next = 0;
  else if (event.key === "End") next = TABS.length - 1;
  else return;
  event.preventDefault();
  select(TABS[next], true);
}

let focusing = false;
function select(name, focus = false) {
  focusing = focus;
  if (name !== active) location.hash = hashOf(name);
}

async function follow() {
  const { name, state, hasState } = readHash();
  if (hasState) states[name] = state;
  else if (location.hash !== hashOf(name)) history.replaceState(null, "", hashOf(name)); // as the tab was left
  const showing = show(name);
  dress();
  if (focusing) get(`tab-${name}`).focus();
  focusing = false;
  await showing;
}

function change(name, value) {
  if (name === "lang") language = value;
  else theme = value;
  localStorage.setItem(`linnet-${name}`, value);
  const address = new URL(location.href);
  if (address.searchParams.has(name)) {
    address.searchParams.set(name, value);
    history.replaceState(null, "", address);
  }
  dress();
  show(active);
}

get("language").addEventListener("click", () => change("lang", language === "en" ? "zh" : "en"));
get("theme").addEventListener("click", () => change("theme", theme === "dark" ? "light" : "dark"));
addEventListener("hashchange", follow);
// A file that is dropped beside its place would be opened instead of the page.
for (const kind of ["dragover", "drop"]) addEventListener(kind, (event) => event.preventDefault());
follow();
