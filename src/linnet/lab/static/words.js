// The shell's texts, and how any text is filled in.

export const words = {
  en: {
    train: "Train", sweep: "Sweep", try: "Try it", numbers: "Numbers", line: "Line",
    language: "中文", languageLabel: "Show the page in Chinese",
    dark: "Dark", light: "Light", themeDark: "Dark colours", themeLight: "Light colours",
    model: "{name} · {accuracy}", modelLabel: "The model that Try it uses",
    code: "Copy as code", python: "Python", command: "Command line", copy: "Copy", copied: "Copied",
    diverged: "It diverged: {detail}",
    divergedAdvice: "The steps were so large that the loss went to infinity. Lower the learning rate.",
    gone: "The lab does not answer. Start it again with: linnet lab",
    failed: "That did not work: {detail}",
  },
  zh: {
    train: "训练", sweep: "扫描", try: "试一试", numbers: "数值", line: "直线",
    language: "English", languageLabel: "Show the page in English",
    dark: "深色", light: "浅色", themeDark: "深色主题", themeLight: "浅色主题",
    model: "{name} · {accuracy}", modelLabel: "“试一试”所用的模型",
    code: "复制为代码", python: "Python", command: "命令行", copy: "复制", copied: "已复制",
    diverged: "训练发散了：{detail}",
    divergedAdvice: "步子太大，损失变成了无穷大。请降低学习率。",
    gone: "实验室没有应答。请重新启动：linnet lab",
    failed: "没有成功：{detail}",
  },
};

const own = (texts, key) => (Object.hasOwn(texts ?? {}, key) ? texts[key] : undefined); // a key may come of an address

export function translator(language, ...books) {
  return (key, values = {}) => {
    const text = books.map((book) => own(book[language], key) ?? own(book.en, key)).find((found) => found !== undefined) ?? key;
    return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  };
}
