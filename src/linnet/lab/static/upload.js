// A dialog that takes people's own data: a CSV file, a zip of pictures, or a folder of them.

import { h, json } from "./api.js";

export const words = {
  en: {
    own: "Your own data…", ownTitle: "Your own data",
    ownPictures: "Pictures: a zip or a folder, in which each class has a folder of its own (cats/1.png, dogs/1.png). PNG or JPEG.",
    ownTable: "Tables: a CSV of numbers with a column of classes, called label or put last.",
    ownLimits: "At most 64 MiB and 20,000 pictures. It stays on this machine, in memory, and is gone when the lab ends.",
    drop: "Drop a file here", file: "Choose a file", folder: "Choose a folder", close: "Close", reading: "Reading…",
  },
  zh: {
    own: "用你自己的数据…", ownTitle: "你自己的数据",
    ownPictures: "图片：一个 zip 或文件夹，其中每个类别各有一个文件夹（cats/1.png、dogs/1.png）。PNG 或 JPEG。",
    ownTable: "表格：由数字组成的 CSV，其中一列是类别，名为 label 或放在最后。",
    ownLimits: "最多 64 MiB、20,000 张图片。数据只留在本机内存中，实验室结束后即消失。",
    drop: "把文件拖到这里", file: "选择文件", folder: "选择文件夹", close: "关闭", reading: "正在读取…",
  },
};

// A button that opens the dialog; `done(known)` gets the new data set's description.
export function uploader(t, done) {
  const said = h("p", { class: "problem", hidden: true, role: "alert" });
  const file = h("input", { type: "file", accept: ".csv,.zip", hidden: true, onchange: () => send([...file.files]) });
  const folder = h("input", { type: "file", multiple: true, hidden: true, onchange: () => send([...folder.files]) });
  folder.webkitdirectory = true;
  const drop = h("div", { class: "drop" }, h("p", {}, t("drop")), h("div", { class: "row" },
    h("button", { type: "button", class: "main", onclick: () => file.click() }, t("file")),
    h("button", { type: "button", onclick: () => folder.click() }, t("folder"))));
  const dialog = h("dialog", { class: "card", ariaLabel: t("ownTitle") }, h("h2", {}, t("ownTitle")),
    h("p", {}, t("ownPictures")), h("p", {}, t("ownTable")), h("p", { class: "soft" }, t("ownLimits")), drop, said, file, folder,
    h("div", { class: "row end" }, h("button", { type: "button", onclick: () => dialog.close() }, t("close"))));
  for (const kind of ["dragover", "drop"]) drop.addEventListener(kind, (event) => event.preventDefault());
  drop.addEventListener("drop", (event) => send([...event.dataTransfer.files]));

  async function send(files) {
    if (!files.length) return;
    said.hidden = false;
    said.className = "soft";
    said.textContent = t("reading");
    const form = new FormData();
    for (const one of files) form.append("files", one, one.webkitRelativePath || one.name);
    try {
      const known = await json("api/data", form);
      said.hidden = true;
      dialog.close();
      done(known);
    } catch (error) {
      said.className = "problem";
      said.textContent = error.message;
    }
    file.value = folder.value = "";
  }

  const button = h("button", { type: "button", class: "quiet own", onclick: () => {
    said.hidden = true;
    dialog.showModal();
  } }, t("own"));
  return [button, dialog];
}
