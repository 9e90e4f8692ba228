// A dialog that takes people's own data: files or a folder of them, which are sent as they are.

import { h, sendForm } from "./api.js";
import { settings } from "./settings.js";

const MOST = 2 ** 26 - 2 ** 20; // bytes, with room for the form around them
const PICTURE = /\.(png|jpe?g|webp|tiff?|bmp|gif)$/i;
const IDX = /-ubyte(\.gz)?$/;
const HIDDEN = /(^|\/)(\.|__MACOSX)/;

// What is sent of a folder: pictures where there are some, as linnet.load reads it, else what linnet reads.
function pick(all) {
  if (!all.every(([, path]) => path.includes("/"))) return all;
  const isOurs = (name) => IDX.test(name) || settings.files.some((suffix) => name.endsWith(suffix));
  const shown = all.filter(([, path]) => !HIDDEN.test(path));
  const pictures = shown.filter(([, path]) => PICTURE.test(path));
  return pictures.length ? pictures : shown.filter(([, path]) => isOurs(path.toLowerCase()));
}

// What was dropped as [file, path]s, folders with all that is in them.
async function dropped(carried) {
  const entries = [...carried.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...carried.files];
  return (await Promise.all(entries.map(within))).flat();
}

async function within(entry) {
  const path = entry.fullPath.replace(/^\//, "");
  if (entry.isFile) return [[await new Promise((resolve, reject) => entry.file(resolve, reject)), path]];
  const reader = entry.createReader();
  const found = [];
  for (;;) { // it gives a hundred at a time
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) break;
    found.push(...some);
  }
  return (await Promise.all(found.map(within))).flat();
}

// A button that opens the dialog; `done(known)` gets the new data set's description.
export function uploader(t, done) {
  const said = h("p", { class: "problem", hidden: true, role: "alert" });
  const file = h("input", { type: "file", multiple: true, accept: settings.files.join(","), hidden: true, onchange: () => send([...file.files]) });
  const folder = h("input", { type: "file", multiple: true, hidden: true, onchange: () => send([...folder.files]) });
  folder.webkitdirectory = true;
  const colors = h("input", { type: "checkbox", id: "upload-colors" });
  const buttons = [h("button", { type: "button", class: "main", onclick: () => file.click() }, t("upload.file")),
    h("button", { type: "button", onclick: () => folder.click() }, t("upload.folder"))];
  const drop = h("div", { class: "drop" }, h("p", {}, t("upload.drop")), h("div", { class: "row" }, buttons));
  let sending = null; // of the upload that is under way
  const dialog = h("dialog", { class: "card", ariaLabel: t("upload.ownTitle") }, h("h2", {}, t("upload.ownTitle")),
    h("p", {}, t("upload.ownPictures")), h("p", {}, colors, " ", h("label", { for: "upload-colors" }, t("upload.colors"))), h("p", {}, t("upload.ownTable")), h("p", { class: "soft" }, t("upload.ownLimits")), drop, said, file, folder,
    h("div", { class: "row end" }, h("button", { type: "button", onclick: () => dialog.close() }, t("upload.close"))));
  dialog.addEventListener("close", () => sending?.abort());
  for (const kind of ["dragover", "drop"]) drop.addEventListener(kind, (event) => event.preventDefault());
  drop.addEventListener("drop", async (event) => send(await dropped(event.dataTransfer)));

  function tell(text, isProblem) {
    said.hidden = false;
    said.className = isProblem ? "problem" : "soft";
    said.textContent = text;
  }

  // Files, or [file, path] of a folder's.
  async function send(chosen) {
    if (!chosen.length || sending) return;
    const files = pick(chosen.map((one) => (Array.isArray(one) ? one : [one, one.webkitRelativePath || one.name])));
    const size = files.reduce((sum, [one]) => sum + one.size, 0);
    if (!files.length) tell(t("upload.unfit"), true);
    else if (size > MOST) tell(t("upload.large", { size: Math.ceil(size / 2 ** 20), most: MOST / 2 ** 20 }), true);
    else await upload(files);
    file.value = folder.value = "";
  }

  async function upload(files) {
    const form = new FormData();
    for (const [one, path] of files) form.append("files", one, path);
    if (colors.checked) form.append("color", "true");
    sending = new AbortController();
    busy(true);
    const follow = (share) => tell(share < 1 ? t("upload.sending", { share: Math.floor(100 * share) }) : t("upload.reading"));
    follow(0);
    try {
      const known = await sendForm("api/data", form, follow, sending.signal);
      said.hidden = true;
      sending = null;
      dialog.close();
      done(known);
    } catch (error) {
      if (error.name !== "AbortError") tell(error.kind === "gone" ? t("shell.gone") : t("upload.unread", { detail: error.message }), true);
    }
    sending = null;
    busy(false);
  }

  const busy = (isBusy) => buttons.forEach((one) => (one.disabled = isBusy));

  const button = h("button", { type: "button", class: "quiet own", onclick: () => {
    said.hidden = true;
    dialog.showModal();
  } }, t("upload.own"));
  return [button, dialog];
}
