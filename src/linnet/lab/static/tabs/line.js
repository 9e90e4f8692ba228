export const words = { en: {}, zh: {} };

export function mount(root, lab) {
  root.append(lab.h("p", { class: "soft" }, "…"));
  return () => {};
}
