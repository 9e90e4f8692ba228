// A dialog that takes people's own data: a CSV or .npz file, a zip of pictures, or a folder of them.

import { h, json } from "./api.js";

export const words = {
  en: {
    own: "Your own data…", ownTitle: "Your own data",
    ownPictures: "Pictures: a zip or a folder, in which each class has a folder of its own (cats/1.png, dogs/1.png). PNG, JPEG, WebP, TIFF, BMP or GIF.",
    ownTable: "Tables: a CSV of numbers with a column of classes, called label or put last. Arrays: an .npz file of X and y.",
    ownLimits: "At most 64 MiB and 20,000 pictures. It stays on this machine, in memory, and is gone when the lab ends.",
    drop: "Drop a file or a folder here", large: "This is {size} MiB, more than {most}: choose fewer or smaller files.", unfit: "That is neither a CSV or .npz file, nor a zip, nor pictures.",
    unread: "That could not be read: {detail}", goneLab: "The lab does not answer. Start it again with: linnet lab", file: "Choose a file", folder: "Choose a folder", close: "Close", reading: "Reading…",
  },
  zh: {
    own: "用你自己的数据…", ownTitle: "你自己的数据",
    ownPictures: "图片：一个 zip 或文件夹，其中每个类别各有一个文件夹（cats/1.png、dogs/1.png）。PNG、JPEG、WebP、TIFF、BMP 或 GIF。",
    ownTable: "表格：由数字组成的 CSV，其中一列是类别，名为 label 或放在最后。数组：含 X 和 y 的 .npz 文件。",
    ownLimits: "最多 64 MiB、20,000 张图片。数据只留在本机内存中，实验室结束后即消失。",
    drop: "把文件或文件夹拖到这里", large: "共 {size} MiB，超过 {most} MiB：请少选一些，或选小一些的文件。", unfit: "这既不是 CSV 或 .npz 文件，也不是 zip 或图片。",
    unread: "无法读取：{detail}", goneLab: "实验室没有应答。请重新启动：linnet lab", file: "选择文件", folder: "选择文件夹", close: "关闭", reading: "正在读取…",
  },
};

const MOST = 2 ** 26 - 2 ** 20; // bytes, with room for the form around them
const PICTURE = /\.(png|jpe?g|webp|tiff?|bmp|gif)$/i;

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
  const file = h("input", { type: "file", accept: ".csv,.tsv,.npz,.zip", hidden: true, onchange: () => send([...file.files]) });
  const folder = h("input", { type: "file", multiple: true, hidden: true, onchange: () => send([...folder.files]) });
  folder.webkitdirectory = true;
  const drop = h("div", { class: "drop" }, h("p", {}, t("drop")), h("div", { class: "row" },
    h("button", { type: "button", class: "main", onclick: () => file.click() }, t("file")),
    h("button", { type: "button", onclick: () => folder.click() }, t("folder"))));
  const dialog = h("dialog", { class: "card", ariaLabel: t("ownTitle") }, h("h2", {}, t("ownTitle")),
    h("p", {}, t("ownPictures")), h("p", {}, t("ownTable")), h("p", { class: "soft" }, t("ownLimits")), drop, said, file, folder,
    h("div", { class: "row end" }, h("button", { type: "button", onclick: () => dialog.close() }, t("close"))));
  for (const kind of ["dragover", "drop"]) drop.addEventListener(kind, (event) => event.preventDefault());
  drop.addEventListener("drop", async (event) => send(await dropped(event.dataTransfer)));

  function tell(text, isProblem) {
    said.hidden = false;
    said.className = isProblem ? "problem" : "soft";
    said.textContent = text;
  }

  // Files, or [file, path] of a folder's. Of several only pictures are sent.
  async function send(chosen) {
    if (!chosen.length) return;
    const all = chosen.map((one) => (Array.isArray(one) ? one : [one, one.webkitRelativePath || one.name]));
    const files = all.length > 1 ? all.filter(([, path]) => PICTURE.test(path)) : all;
    const size = files.reduce((sum, [one]) => sum + one.size, 0);
    if (!files.length) tell(t("unfit"), true);
    else if (size > MOST) tell(t("large", { size: Math.ceil(size / 2 ** 20), most: MOST / 2 ** 20 }), true);
    else await upload(files);
    file.value = folder.value = "";
  }

  async function upload(files) {
    tell(t("reading"));
    const form = new FormData();
    for (const [one, path] of files) form.append("files", one, path);
    try {
      const known = await json("api/data", form);
      said.hidden = true;
      dialog.close();
      done(known);
    } catch (error) {
      tell(error.kind === "gone" ? t("goneLab") : t("unread", { detail: error.message }), true);
    }
  }

  const button = h("button", { type: "button", class: "quiet own", onclick: () => {
    said.hidden = true;
    dialog.showModal();
  } }, t("own"));
  return [button, dialog];
}
