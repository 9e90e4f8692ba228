// Try it: draw, drop or pick a picture; what the model says of it, why, and how sure it is.

import { octets } from "../api.js";
import { titleOf, words as knobWords } from "../knobs.js";
import { choice, knob, percent, sane, sheet, shown, steady, toBase64 } from "./parts.js";
import { sketch } from "./sketch.js";

const own = {
  en: {
    training: "Training a model to try; this takes a moment …", progress: "Training a model to try: epoch {epoch} of {epochs} …",
    waiting: "A model to try has to be trained first: {n} in front of you.", modelIs: "Model: {name}, accuracy {accuracy} on {rows} test rows.",
    isDefault: "The lab trained it by itself; a model that you load on the Train or Sweep tab takes its place.",
    gone: "The model that was loaded is no longer there; this is the usual one.",
    picture: "Picture", canvas: "Drawing area, light on dark. Space puts the pen down or lifts it, arrow keys move it, with Shift they draw.",
    draw: "Draw here, drop or paste a picture, or pick a test image below.", brush: "Brush", eraser: "Eraser", undo: "Undo", clear: "Clear",
    choose: "Choose a file …", invert: "Dark on light", byBorder: "by its border", always: "yes: invert", never: "no", penDown: "The pen is down.", penUp: "The pen is up.",
    blank: "Nothing is drawn yet: draw something, or pick a test image.",
    nothing_seen: "Nothing was seen", all_same: "Every pixel is {level}, so no class is said.", without: "Not of this picture: what the model gives where it sees nothing", done: "What was done to the picture:",
    step_frame: "only its first frame was taken", step_turned: "turned upright by its orientation tag, {tag}", step_whole: "levels of 0…{full} scaled to 0…255",
    step_fraction: "floating levels of 0…1 scaled to 0…255", step_white: "transparency laid on white", step_black: "transparency laid on black, as the drawing is light",
    step_resized: "{width} × {height} pixels padded and resized to {to_width} × {to_height}", step_inverted: "inverted, its border being light", step_told: "inverted, as asked",
    large: "This file has {size} MiB, more than 8: send a smaller picture.",
    tests: "Test images", testRows: "Test rows", all: "all classes", klass: "Class", wrong: "only mistakes", random: "Random", previous: "Previous", next: "Next",
    found: "{from}–{to} of {n}", nothing: "There are none.", row: "row {row}: {label}", taken: "row {row}: {label}, taken for {guess}",
    answer: "What it says", isRow: "Test row {row} is of class {label}.", sees: "What the model sees",
    probabilities: "Probabilities", explainThis: "explain {name}", inSet: "Blue: in the prediction set. Choose a class to see why.",
    set: "Prediction set", alpha: "May miss (α)", method: "Method",
    lac: "LAC: the smallest sets", aps: "APS: larger where it is hard",
    asked: "Sets like this hold the right class in {asked} of cases, if what is asked is like the rows they were learnt on.",
    measured: "Measured on {n} test rows: {coverage} hold it, {size} classes a set on average.",
    source: "Learnt on {n} {source}.", "validation rows": "validation rows", "training rows": "training rows",
    seen: "The model was trained on those rows, so coverage is not guaranteed. Train with early stopping, which keeps rows aside.",
    empty: "No class is likely enough: the set is empty.",
    why: "Why: the contribution of each pixel", whyColumns: "Why: the contribution of each column", explain: "Speaks for", against: "against", nobody: "nothing: the score alone",
    sumColumns: "columns {pixels} + bias {bias} = score {score}", differenceColumns: "columns {pixels} + biases {bias} = lead {score}",
    sum: "pixels {pixels} + bias {bias} = score {score}", difference: "pixels {pixels} + biases {bias} = lead {score}",
    legend: "red speaks for {name}, blue against it", legendPair: "red speaks for {name}, blue for {other}", column: "column {d}", most: "the largest {n}",
    hover: "pixel ({x}, {y}): {value}",
  },
  zh: {
    training: "正在训练一个可供试用的模型，请稍候……", progress: "正在训练一个可供试用的模型：第 {epoch} 轮，共 {epochs} 轮……",
    waiting: "需要先训练一个可供试用的模型：前面还有 {n} 个。", modelIs: "模型：{name}，在 {rows} 个测试样本上的精度为 {accuracy}。",
    isDefault: "它由实验室自行训练；在“训练”或“扫描”页载入你的模型后，这里就会使用它。",
    gone: "先前载入的模型已不在，现在用的是默认模型。",
    picture: "图片", canvas: "绘图区，黑底白线。空格键落笔或抬笔，方向键移动，按住 Shift 移动则画线。",
    draw: "在这里画，拖入或粘贴图片，或在下面挑选测试图像。", brush: "画笔", eraser: "橡皮", undo: "撤销", clear: "清空",
    choose: "选择文件……", invert: "白底黑物", byBorder: "看边缘决定", always: "是：反色", never: "否", penDown: "已落笔。", penUp: "已抬笔。",
    blank: "还没有画任何东西：请画一画，或挑选一张测试图像。",
    nothing_seen: "什么也没看到", all_same: "所有像素都是 {level}，因此不给出类别。", without: "与这张图片无关：模型在什么也看不到时给出的值", done: "对图片所做的处理：",
    step_frame: "只取了第一帧", step_turned: "按方向标记 {tag} 转正", step_whole: "灰度 0…{full} 缩放到 0…255",
    step_fraction: "浮点灰度 0…1 缩放到 0…255", step_white: "透明处以白色为底", step_black: "画面明亮，透明处以黑色为底",
    step_resized: "{width} × {height} 像素补边并缩放为 {to_width} × {to_height}", step_inverted: "边缘明亮，已反色", step_told: "按要求反色",
    large: "文件有 {size} MiB，超过 8 MiB：请换一张小一些的图片。",
    tests: "测试图像", testRows: "测试样本", all: "所有类别", klass: "类别", wrong: "只看分错的", random: "随机", previous: "上一页", next: "下一页",
    found: "第 {from}–{to} 个，共 {n} 个", nothing: "没有符合的样本。", row: "第 {row} 行：{label}", taken: "第 {row} 行：{label}，被当作 {guess}",
    answer: "模型的回答", isRow: "测试样本 {row} 的类别是 {label}。", sees: "模型所见",
    probabilities: "概率", explainThis: "解释 {name}", inSet: "蓝色：在预测集中。点选类别可看原因。",
    set: "预测集", alpha: "允许漏掉的比例 α", method: "方法",
    lac: "LAC：集合最小", aps: "APS：难分的样本集合更大",
    asked: "如果所问的样本与学习时的样本同分布，这样的集合有 {asked} 的机会包含正确类别。",
    measured: "在 {n} 个测试样本上测得：{coverage} 包含正确类别，平均每个集合 {size} 个类别。",
    source: "在 {n} 个{source}上学得。", "validation rows": "验证样本", "training rows": "训练样本",
    seen: "模型训练时见过这些样本，所以没有保证。请用提前停止来训练，它会留出验证样本。",
    empty: "没有足够可能的类别：集合为空。",
    why: "为什么：每个像素的贡献", whyColumns: "为什么：每一列的贡献", explain: "支持", against: "相对于", nobody: "无：只看该类的得分",
    sumColumns: "各列 {pixels} + 偏置 {bias} = 得分 {score}", differenceColumns: "各列 {pixels} + 偏置之差 {bias} = 领先 {score}",
    sum: "像素 {pixels} + 偏置 {bias} = 得分 {score}", difference: "像素 {pixels} + 偏置之差 {bias} = 领先 {score}",
    legend: "红色支持{name}，蓝色反对", legendPair: "红色支持{name}，蓝色支持{other}", column: "第 {d} 列", most: "最大的 {n} 个",
    hover: "像素 ({x}, {y})：{value}",
  },
};

export const words = { en: { ...knobWords.en, ...own.en }, zh: { ...knobWords.zh, ...own.zh } };

const START = { alpha: 0.1, method: "lac" };
const MAX_BYTES = 8 << 20;
const SHOWN = 24;
const COLUMNS = 12;

export function mount(root, lab) {
  sheet();
  const { t } = lab;
  const ended = new AbortController();
  lab.say(t("training"));
  open(lab, ended.signal).then((model) => {
    if (ended.signal.aborted) return;
    lab.say(model.isLost ? t("gone") : "");
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
    if (frame.kind === "waiting") lab.say(t("waiting", { n: frame.ahead }));
    else if (frame.kind === "progress") lab.say(t("progress", frame));
    else id = frame.id;
  }, signal);
  return id;
}

// What can be asked of this model: the address may have been made with another.
function rulesOf({ classes, rows, image_shape: shape }) {
  const isPicture = (text) => {
    if (!shape || typeof text !== "string") return false;
    try {
      return octets(fromUrl(text)).length === shape[0] * shape[1];
    } catch {
      return false; // the address was cut
    }
  };
  const klass = [0, classes.length - 1, true];
  return {
    row: [0, rows - 1, true], pixels: isPicture, explain: klass, against: klass, label: klass, alpha: [0.01, 0.5],
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
  const copied = h("div", { class: "copied" });
  const copies = lab.copy(copied, () => last);
  const answer = h("div", { class: "stack answers" });
  const explain = choice({
    label: t("explain"), name: "explain", value: String(state.explain ?? ""), options: [["", "—"], ...classes.map((name, k) => [String(k), name])],
    onchange: (k) => change("explain", k === "" ? undefined : Number(k)),
  });
  const against = choice({
    label: t("against"), name: "against", value: String(state.against ?? ""),
    options: [["", t("nobody")], ...classes.map((name, k) => [String(k), name])],
    onchange: (k) => change("against", k === "" ? undefined : Number(k)),
  });
  const alpha = knob({
    label: t("alpha"), name: "alpha", min: 0.01, max: 0.5, step: 0.01, digits: 2, value: state.alpha, onchange: (value) => change("alpha", value),
  });
  const method = choice({
    label: t("method"), name: "method", value: state.method, options: ["lac", "aps"].map((name) => [name, t(name)]), onchange: (name) => change("method", name),
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
    if (state.row === undefined && state.pixels === undefined) {
      lab.say(t("blank"));
      return;
    }
    const what = state.row === undefined ? { pixels: fromUrl(state.pixels) } : { row: state.row };
    classify({
      model: model.id, ...what, explain: state.explain ?? null, against: state.against ?? null, alpha: state.alpha, method: state.method,
    });
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
      lab.fail(new Error(t("large", { size: Math.ceil(file.size / 2 ** 20) })));
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
    if (wish.row !== undefined && found.pixels) canvas.put(octets(found.pixels), width, height);
    const explained = found.explanation;
    const steps = wish.pixels && urlSafe(wish.pixels) === done.pixels ? done.steps : [];
    answer.replaceChildren(
      ...(found.nothing ? [blankCard(lab, octets(found.pixels)[0], steps)] : []),
      says(lab, model, found, wish, (k) => {
        explain.select.value = String(k);
        change("explain", k);
      }),
      h("div", { class: "pair" }, h("section", { class: "card why", ariaLabel: t("why") },
        h("h2", {}, t(model.image_shape ? "why" : "whyColumns")), h("div", { class: "chosen" }, explain.element, against.element),
        ...why(lab, model, explained, found.values)),
      h("section", { class: "card", ariaLabel: t("set") }, h("h2", {}, t("set")), setOf(lab, model, found.set), alpha.element, method.element)),
    );
    explain.select.value = String(explained.explain);
    for (const option of against.select.options) option.disabled = option.value === String(explained.explain);
  }

  const invert = choice({
    label: t("invert"), name: "invert", value: "", options: [["", t("byBorder")], ["true", t("always")], ["false", t("never")]], onchange: () => {},
  });
  const easel = model.image_shape ? easelCard(lab, canvas, invert, take) : null;
  if (easel) listen(easel, take, ended.signal);
  const about = h("p", { class: "soft about" }, t("modelIs", { name: titleOf(t, [{ name: model.dataset, title: model.name }], model.dataset), accuracy: percent(model.accuracy), rows: model.rows }), " ",
    model.is_default ? t("isDefault") : "");
  const gallery = galleryCard(lab, model, state, pick, ended.signal);
  if (state.pixels !== undefined) canvas.put(octets(fromUrl(state.pixels)), width, height);
  if (state.row === undefined && state.pixels === undefined) state.row = 0;
  ask();
  return h("div", { class: "columns try" }, h("div", { class: "stack" }, easel, gallery), h("div", { class: "stack" }, about, answer, copied));
}

function easelCard(lab, canvas, invert, take) {
  const { h, t } = lab;
  const brush = knob({
    label: t("brush"), name: "brush", min: 4, max: 60, step: 1, whole: true, value: canvas.brush, onchange: (value) => (canvas.brush = value),
  });
  const eraser = h("button", {
    type: "button", class: "small", ariaPressed: "false",
    onclick: () => {
      canvas.erases = !canvas.erases;
      eraser.ariaPressed = String(canvas.erases);
    },
  }, t("eraser"));
  const file = h("input", { type: "file", accept: "image/png,image/jpeg,image/webp,image/tiff,image/bmp,image/gif", class: "visually-hidden", id: "try-file", onchange: () => take(file.files[0]) });
  return h("section", { class: "card easel", ariaLabel: t("picture") },
    h("h2", {}, t("picture")), h("p", { class: "soft" }, t("draw")), canvas.element,
    h("div", { class: "row tools" }, eraser, h("button", { type: "button", class: "small", onclick: canvas.undo }, t("undo")),
      h("button", { type: "button", class: "small", onclick: canvas.clear }, t("clear")), file,
      h("label", { for: "try-file", class: "small button" }, t("choose"))),
    brush.element, invert.element);
}

// What stands in place of an answer where a picture has nothing on it.
function blankCard({ h, t }, level, steps) {
  const done = steps.map((step) => h("li", {}, t(`step_${step.name}`, step.values)));
  return h("section", { class: "card nothing-seen", role: "status", ariaLabel: t("answer") },
    h("h2", {}, t("nothing_seen")), h("p", {}, t("all_same", { level })), done.length ? [h("p", {}, t("done")), h("ul", {}, done)] : null);
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
  const pictures = h("div", { class: "gallery", role: "group", ariaLabel: t("tests") });
  const count = h("span", { class: "soft" });
  const klass = choice({
    label: t("klass"), name: "label", value: String(state.label ?? ""), options: [["", t("all")], ...classes.map((name, k) => [String(k), name])],
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
    count.textContent = found ? t("found", { from: start + 1, to: start + page.rows.length, n: found }) : t("nothing");
    pictures.replaceChildren(...page.rows.map(({ row, label, guess, pixels }) => {
      const name = t(guess === label ? "row" : "taken", { row, label: classes[label], guess: classes[guess] });
      const face = pixels ? h("canvas", { width, height }) : h("span", {}, String(row));
      if (pixels) lab.images(face, octets(pixels), width, height, { limit: 255 });
      return h("button", { type: "button", class: guess === label ? "test" : "test mistaken", title: name, ariaLabel: name, dataset: { row }, onclick: () => pick(row) }, face);
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
  const small = (key, onclick) => h("button", { type: "button", class: "small", onclick }, t(key));
  return h("section", { class: "card tests", ariaLabel: t("tests") }, h("h2", {}, t(model.image_shape ? "tests" : "testRows")), klass.element,
    h("div", { class: "knob" }, h("label", { for: "only-wrong" }, t("wrong")), wrong), pictures,
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
      type: "button", class: `share ${k === found.guess ? "guess" : ""} ${held.has(k) ? "held" : ""}`, ariaLabel: `${name}: ${percent(share)}. ${t("explainThis", { name })}`,
      ariaPressed: String(k === found.explanation.explain), dataset: { klass: k, value: String(share) }, onclick: () => choose(k),
    }, h("span", { class: "name" }, name), h("span", { class: "track" }, fill), h("span", { class: "number" }, percent(share)));
  });
  const seen = model.image_shape ? h("canvas", { class: "seen", role: "img", ariaLabel: t("sees") }) : null;
  if (seen) lab.images(seen, octets(found.pixels), width, height, { limit: 255 });
  const truth = wish.row === undefined ? null : t("isRow", { row: wish.row, label: classes[found.label] });
  return h("section", { class: "card says", ariaLabel: t("answer") },
    h("div", {}, h("h2", {}, t(model.image_shape ? "sees" : "answer")), seen, found.nothing ? null : h("p", { class: "verdict-line" }, h("strong", { class: "guess-name" }, classes[found.guess])),
      truth ? h("p", { class: found.label === found.guess ? "soft" : "soft mistaken-text" }, truth) : null),
    h("div", {}, h("h2", {}, t(found.nothing ? "without" : "probabilities")), h("div", { class: "shares" }, bars), h("p", { class: "soft" }, t("inSet"))));
}

// The parts of a score, which with the bias sum to it: as a picture, or the largest of the columns.
function why(lab, model, explained, values) {
  const { h, t } = lab;
  const name = model.classes[explained.explain];
  const other = explained.against === null ? null : model.classes[explained.against];
  const numbers = { pixels: shown(explained.pixels), bias: shown(explained.bias), score: shown(explained.score) };
  const sum = h("p", {
    class: "number sum", dataset: { pixels: explained.pixels, bias: explained.bias, score: explained.score },
  }, t((other === null ? "sum" : "difference") + (model.image_shape ? "" : "Columns"), numbers));
  if (!model.image_shape) return [columns(lab, model, explained, values), sum];
  const [height, width] = model.image_shape;
  const canvas = h("canvas", { class: "parts", role: "img", ariaLabel: t("why") });
  lab.images(canvas, explained.parts, width, height, { diverging: true });
  const reading = h("p", { class: "soft number" }, t(other === null ? "legend" : "legendPair", { name, other }));
  const legend = reading.textContent;
  canvas.addEventListener("pointermove", (event) => {
    const x = Math.min(width - 1, Math.max(0, Math.floor((event.offsetX / canvas.clientWidth) * width)));
    const y = Math.min(height - 1, Math.max(0, Math.floor((event.offsetY / canvas.clientHeight) * height)));
    reading.textContent = t("hover", { x, y, value: shown(explained.parts[y * width + x]) });
  });
  canvas.addEventListener("pointerleave", () => (reading.textContent = legend));
  return [canvas, sum, reading];
}

function columns(lab, model, explained, values) {
  const { h, t } = lab;
  const order = explained.parts.map((part, d) => [d, part]).sort((one, two) => Math.abs(two[1]) - Math.abs(one[1])).slice(0, COLUMNS);
  const largest = Math.abs(order[0]?.[1] ?? 1) || 1;
  return h("div", { class: "shares" }, order.map(([d, part]) => {
    const fill = h("span", { class: part < 0 ? "fill minus" : "fill plus" });
    fill.style.width = `${(100 * Math.abs(part)) / largest}%`;
    const name = model.columns[d] ?? t("column", { d });
    const value = `= ${shown(values[d], 3)}`;
    return h("div", { class: "share column" }, h("span", { class: "name", title: `${name} ${value}` }, name), h("span", { class: "soft number" }, value), h("span", { class: "track" }, fill), h("span", { class: "number" }, shown(part, 3)));
  }));
}

function setOf(lab, model, set) {
  const { h, t } = lab;
  const names = set.classes.map((k) => h("span", { class: "chip member", dataset: { klass: k } }, model.classes[k]));
  return h("div", { class: "set" },
    h("div", { class: "row members" }, names.length ? names : h("span", { class: "soft" }, t("empty"))),
    h("p", {}, t("asked", { asked: percent(set.asked, 0) })),
    h("p", { class: "soft measured", dataset: { value: String(set.coverage) } },
      t("measured", { n: set.judged_on, coverage: percent(set.coverage, 2), size: set.mean_size.toFixed(2) }), " ",
      t("source", { n: set.learnt_on, source: t(set.source) })),
    set.is_unseen ? null : h("p", { class: "problem note" }, t("seen")));
}

// Base64 as an address takes it without escapes, and back.
const urlSafe = (text) => text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const fromUrl = (text) => {
  const plain = text.replaceAll("-", "+").replaceAll("_", "/");
  return plain + "=".repeat((4 - (plain.length % 4)) % 4);
};

const inBase64 = async (file) => toBase64(new Uint8Array(await file.arrayBuffer()));
