// Charts by plotly.js and images on canvases, in the theme's colours.

import { Gone } from "./api.js";

export const PALETTE = ["#0072B2", "#D55E00", "#009E73", "#E69F00", "#CC79A7", "#56B4E9", "#000000", "#F0E442"];
const DARK = { "#000000": "#e8e6e1", "#0072B2": "#4aa3dc" }; // those two would be lost on a dark page

// The colour of a line by its number: Okabe and Ito's, as linnet.plot.look has them.
export function colour(number) {
  const plain = PALETTE[number % PALETTE.length];
  return document.documentElement.dataset.theme === "dark" ? DARK[plain] ?? plain : plain;
}

// plotly.js writes some styles as attributes, which the page's policy refuses, while it lets scripts set them.
const setAttribute = Element.prototype.setAttribute;
SVGElement.prototype.setAttribute = function (name, value) {
  if (name === "style") this.style.cssText = value;
  else setAttribute.call(this, name, value);
};

// It also brings a style sheet for maps, which it leaves out where there is an element of its id.
const MAPS = "9f215cf04c5486422605d13261cb87401f4e7763b6296af81e98efbc0130da53";

let loading;
const waiting = new Map();

function load() {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = "plotly.js";
    script.onload = resolve;
    script.onerror = () => {
      loading = undefined; // the next chart tries again
      script.remove();
      reject(new Gone());
    };
    const maps = document.createElement("meta");
    maps.id = MAPS;
    if (!document.getElementById(MAPS)) document.head.append(maps);
    document.head.append(script);
  });
  return loading;
}

const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function dressed(layout) {
  const axis = { gridcolor: style("--line"), zerolinecolor: style("--line"), linecolor: style("--line"), automargin: true };
  const { xaxis, yaxis, margin, ...rest } = layout;
  return {
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { color: style("--ink"), family: style("--font"), size: 12 },
    colorway: PALETTE.map((_, number) => colour(number)),
    margin: { l: 44, r: 12, t: 8, b: 36, ...margin },
    hoverlabel: { font: { family: style("--font") } },
    legend: { orientation: "h", y: 1.12, x: 0 },
    ...rest,
    xaxis: { ...axis, ...xaxis },
    yaxis: { ...axis, ...yaxis },
  };
}

// People's text for a chart, which would take what looks like markup for it: a link, a line break.
export const plain = (text) => String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

// Draw or redraw. Calls that come before plotly.js is there are put off, and only the last counts.
export async function chart(element, traces, layout = {}) {
  waiting.set(element, [traces, layout]);
  await load();
  const [newest, its] = waiting.get(element) ?? [];
  waiting.delete(element);
  if (!newest || !element.isConnected) return;
  const config = { responsive: true, displaylogo: false, displayModeBar: false, doubleClick: "reset" };
  await window.Plotly.react(element, newest, dressed(its), config);
}

// Free what a chart holds; the shell does so for all charts of a tab that it unmounts.
export function forget(root) {
  for (const element of root.querySelectorAll(".js-plotly-plot")) window.Plotly?.purge(element);
}

// An image (bytes or floats 0…1 or 0…255), or with `diverging` weights about zero: red for, blue against. Three
// numbers a pixel are its colours; weights of them are drawn as the colour that they are for, grey being zero.
export function images(canvas, pixels, width, height, { diverging = false, limit } = {}) {
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  const picture = context.createImageData(width, height);
  const largest = limit ?? Math.max(1e-30, ...Array.from(pixels, Math.abs));
  const isDark = document.documentElement.dataset.theme === "dark";
  const inColor = pixels.length === 3 * width * height;
  const level = (value) => (diverging ? 127.5 * (1 + value / largest) : (255 * value) / largest);
  for (let i = 0; i < width * height; i++) {
    const [r, g, b] = inColor ? [0, 1, 2].map((c) => level(pixels[3 * i + c]))
      : diverging ? divergence(pixels[i] / largest, isDark) : Array(3).fill(level(pixels[i]));
    picture.data.set([r, g, b, 255], 4 * i);
  }
  context.putImageData(picture, 0, 0);
}

const RED = [[247, 247, 247], [253, 219, 199], [244, 165, 130], [214, 96, 77], [178, 24, 43], [103, 0, 31]];
const BLUE = [[247, 247, 247], [209, 229, 240], [146, 197, 222], [67, 147, 195], [33, 102, 172], [5, 48, 97]];
const NIGHT_RED = [[24, 27, 31], [78, 38, 38], [140, 52, 48], [200, 82, 66], [240, 138, 110], [255, 205, 180]];
const NIGHT_BLUE = [[24, 27, 31], [28, 52, 76], [36, 84, 128], [58, 126, 184], [112, 178, 226], [190, 224, 250]];

function divergence(share, isDark) {
  const scale = share > 0 ? (isDark ? NIGHT_RED : RED) : isDark ? NIGHT_BLUE : BLUE;
  const place = Math.min(1, Math.abs(share)) * (scale.length - 1);
  const low = Math.min(scale.length - 2, Math.floor(place));
  return scale[low].map((value, channel) => value + (place - low) * (scale[low + 1][channel] - value));
}
