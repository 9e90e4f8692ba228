// A form with a field a column of a table: what is typed is a row to ask the model about.

const MOST = 200; // fields: of more columns the others are missing

// `onchange()` is called as something is typed; `cells()` gives the row, `mark(told)` flags what was seen of it.
export function formCard(lab, fields, start, onchange) {
  const { h, t } = lab;
  const shown = fields.slice(0, MOST);
  const inputs = new Map();
  const notes = new Map();
  const rows = shown.map((field, place) => {
    const id = `cell-${place}`;
    const input = inputOf(h, t, field, id);
    input.value = start[field.name] ?? field.usual;
    input.addEventListener("input", onchange);
    const note = h("small", { class: "note", id: `${id}-note` }, hintOf(t, field));
    input.setAttribute("aria-describedby", note.id);
    inputs.set(field.name, input);
    notes.set(field.name, note);
    const list = input.list_ ?? null;
    return h("div", { class: "cell" }, h("label", { for: id, title: field.name }, field.name), input, list, note);
  });
  const reset = h("button", { type: "button", class: "small", onclick: () => {
    for (const field of shown) inputs.get(field.name).value = field.usual;
    onchange();
  } }, t("try.usual"));
  return {
    element: h("section", { class: "card form", ariaLabel: t("try.row_of") }, h("h2", {}, t("try.row_of")), h("p", { class: "soft" }, t("try.typeRow")), h("div", { class: "cells" }, rows),
      fields.length > MOST ? h("p", { class: "soft" }, t("try.moreFields", { n: fields.length, most: MOST })) : null, h("div", { class: "row tools" }, reset)),
    cells: () => Object.fromEntries([...inputs].map(([name, input]) => [name, input.value])),
    // What is typed where it is not what usually stands there: as little as the address can hold.
    changed: () => Object.fromEntries(shown.filter(({ name, usual }) => inputs.get(name).value !== usual).map(({ name }) => [name, inputs.get(name).value])),
    mark(told) {
      for (const field of shown) {
        const note = notes.get(field.name);
        note.textContent = told[field.name] ? t(`try.cell_${told[field.name]}`) : hintOf(t, field);
        note.classList.toggle("told", Boolean(told[field.name]));
      }
    },
  };
}

function inputOf(h, t, { kind, levels }, id) {
  if (kind === "truth") return h("select", { id }, [["", t("try.noValue")], ...levels.map((level) => [level, level])].map(([value, text]) => h("option", { value }, text)));
  if (kind === "date") return h("input", { type: "date", id });
  if (kind === "hash") return h("input", { type: "text", id, autocomplete: "off", spellcheck: false });
  if (kind === "text") return h("textarea", { id, rows: 2 });
  if (kind === "category") { // another level may be typed, which training did not see
    const input = h("input", { type: "text", id, autocomplete: "off", spellcheck: false });
    input.setAttribute("list", `${id}-levels`);
    input.list_ = h("datalist", { id: `${id}-levels` }, levels.map((value) => h("option", { value })));
    return input;
  }
  return h("input", { type: "number", id, step: "any", inputMode: "decimal", autocomplete: "off" });
}

function hintOf(t, { kind, ends, usual, levels }) {
  if (kind === "number" && ends) return t("try.hintNumber", { low: ends[0], high: ends[1], usual });
  if (kind === "date" && ends) return t("try.hintDate", { low: ends[0], high: ends[1] });
  if (kind === "category") return t("try.hintLevels", { n: levels.length, some: levels.slice(0, 4).join(", ") + (levels.length > 4 ? ", …" : "") });
  return "";
}
