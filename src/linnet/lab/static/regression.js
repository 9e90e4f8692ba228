// The pictures of a model that predicts numbers: its weights, predictions beside the truth, and its errors.

import { colour, plain } from "./chart.js";
import { floats, h } from "./api.js";

const COLUMNS = 30; // whose weights are drawn: the largest
const POINTS = 2000; // that are drawn

export function numbersScene(lab, run) {
  const { t } = lab;
  const { target } = run.opening;
  const name = target || "y";
  const [weights, fitted, residuals] = ["chart tall", "chart tall", "chart"].map((kind) => h("div", { class: kind }));
  const card = (title, hint, chart) => h("section", { class: "card" }, h("h2", {}, t(title)), hint ? h("p", { class: "soft" }, t(hint)) : null, chart);
  const element = h("div", { class: "stack" },
    h("div", { class: "pair" }, card("scene.fitted", "scene.fittedHint", fitted), card("scene.weights", "scene.weightsOne", weights)),
    card("scene.residuals", "", residuals));
  const truth = floats(run.opening.labels);
  const stride = Math.ceil(truth.length / POINTS);
  const some = Array.from({ length: Math.ceil(truth.length / stride) }, (_, place) => place * stride);
  let [low, high] = [Infinity, -Infinity];
  for (const value of truth) [low, high] = [Math.min(low, value), Math.max(high, value)];

  function drawFitted(guesses) {
    lab.chart(fitted, [
      { type: "scatter", mode: "markers", x: some.map((row) => truth[row]), y: some.map((row) => guesses[row]), marker: { size: 5, color: colour(0), opacity: 0.55 },
        hovertemplate: `${plain(t("scene.true", { target: name }))} %{x:.5~g}<br>${plain(t("scene.predicted", { target: name }))} %{y:.5~g}<extra></extra>` },
      { type: "scatter", mode: "lines", x: [low, high], y: [low, high], line: { color: colour(1), width: 1.5, dash: "dash" }, hoverinfo: "skip" },
    ], {
      showlegend: false, xaxis: { title: { text: plain(t("scene.true", { target: name })), standoff: 6 } },
      yaxis: { title: { text: plain(t("scene.predicted", { target: name })) } },
    });
  }

  function drawWeights(frame) {
    const W = floats(frame.W);
    const order = Array.from(W, (weight, place) => [Math.abs(weight), place]).sort(([one], [two]) => two - one).slice(0, COLUMNS).map(([, place]) => place).reverse();
    const label = (place) => plain(run.columns?.[place] ?? place + 1);
    weights.style.height = `${Math.max(180, 60 + 20 * order.length)}px`;
    lab.chart(weights, [{
      type: "bar", orientation: "h", x: order.map((place) => W[place]), y: order.map((_, row) => row), text: order.map(label), textposition: "none",
      marker: { color: order.map((place) => (W[place] < 0 ? "#2166ac" : "#b2182b")) }, hovertemplate: "%{text}: %{x:.5~g}<extra></extra>",
    }], { showlegend: false, yaxis: { tickvals: order.map((_, row) => row), ticktext: order.map((place) => shorten(label(place))), automargin: true }, xaxis: {} });
  }

  return {
    element,
    draw(_, frame) {
      const guesses = floats(frame.guesses);
      drawFitted(guesses);
      drawWeights(frame);
      lab.chart(residuals, [{ type: "histogram", x: some.map((row) => guesses[row] - truth[row]), nbinsx: 40, marker: { color: colour(0) }, hovertemplate: "%{x}: %{y}<extra></extra>" }], { showlegend: false, bargap: 0.05 });
    },
  };
}

const shorten = (text) => (text.length > 22 ? `${text.slice(0, 21)}…` : text);
