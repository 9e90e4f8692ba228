// A plane with points that are dragged by pointer or moved by keys, and lines through them.

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 600;
const HEIGHT = 460;
const MARGIN = { left: 34, right: 8, top: 8, bottom: 24 };
const X = [-4, 4];
const Y = [-10, 10];
const NEAR = 22; // pixels of the drawing within which a press takes a point

function s(tag, properties, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(properties)) if (value !== undefined) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const toX = (x) => MARGIN.left + ((x - X[0]) / (X[1] - X[0])) * (WIDTH - MARGIN.left - MARGIN.right);
const toY = (y) => HEIGHT - MARGIN.bottom - ((y - Y[0]) / (Y[1] - Y[0])) * (HEIGHT - MARGIN.top - MARGIN.bottom);
const fromX = (px) => X[0] + ((px - MARGIN.left) / (WIDTH - MARGIN.left - MARGIN.right)) * (X[1] - X[0]);
const fromY = (py) => Y[0] + ((HEIGHT - MARGIN.bottom - py) / (HEIGHT - MARGIN.top - MARGIN.bottom)) * (Y[1] - Y[0]);
const within = (value, [low, high]) => Math.round(100 * Math.min(high, Math.max(low, value))) / 100;

// Gives { element, chosen, draw(points, lines), add(point), remove(), select(number), stop() }.
// `onmove(points)` is told of every change, `onselect(number)` of the point that is chosen, -1 for none.
export function plane(lab, { onmove, onselect }) {
  const { t } = lab;
  const lines = s("g", { class: "lines", "clip-path": "url(#plane-clip)" });
  const dots = s("g", {});
  const element = s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "plane", role: "group" }, frame(), lines, dots);
  const self = { element, chosen: -1 };
  let points = [];
  let drawn = [];
  let dragging = -1;

  self.draw = (next, newLines) => {
    points = next.map((point) => [...point]);
    if (newLines) drawn = newLines;
    element.setAttribute("aria-label", t("line.plane", { n: points.length }));
    lines.replaceChildren(...drawn.map((line) =>
      s("line", {
        x1: toX(X[0]), y1: clamp(toY(line.w * X[0] + line.b)), x2: toX(X[1]), y2: clamp(toY(line.w * X[1] + line.b)), stroke: line.colour,
        "stroke-width": 2.6, "stroke-dasharray": line.dash || undefined, "data-line": line.name,
      })));
    while (dots.childElementCount > points.length) dots.lastElementChild.remove();
    while (dots.childElementCount < points.length) dots.append(s("circle", { r: 7, role: "button", tabindex: -1 }));
    points.forEach(place);
    reachable();
  };

  function place([x, y], number) {
    const dot = dots.children[number];
    dot.setAttribute("cx", toX(Math.min(X[1], Math.max(X[0], x))));
    dot.setAttribute("cy", toY(Math.min(Y[1], Math.max(Y[0], y))));
    dot.setAttribute("class", number === self.chosen ? "dot chosen" : "dot");
    dot.setAttribute("aria-label", t("line.point", { n: number + 1, x, y }));
  }

  // One point is in the order of Tab: the chosen one, or the first.
  function reachable() {
    const first = Math.max(0, Math.min(self.chosen, points.length - 1));
    [...dots.children].forEach((dot, number) => dot.setAttribute("tabindex", number === first ? 0 : -1));
  }

  self.select = (number, focus = false) => {
    self.chosen = number;
    points.forEach(place);
    reachable();
    if (focus && number >= 0) dots.children[number].focus();
    onselect(number);
  };

  self.add = (point, focus = false) => {
    const next = [...points, [within(point[0], X), within(point[1], Y)]];
    self.chosen = next.length - 1;
    self.draw(next);
    onmove(next);
    self.select(Math.min(self.chosen, points.length - 1), focus);
  };

  self.remove = () => {
    if (self.chosen < 0) return;
    const isFocused = dots.contains(document.activeElement);
    const next = points.filter((_, number) => number !== self.chosen);
    self.chosen = Math.min(self.chosen, next.length - 1);
    self.draw(next);
    onmove(next);
    self.select(self.chosen, isFocused);
  };

  function move(number, x, y) {
    points[number] = [within(x, X), within(y, Y)];
    place(points[number], number);
    onmove(points.map((point) => [...point]));
  }

  // The pointer's place in the drawing's own units.
  function spot(event) {
    const box = element.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * WIDTH, ((event.clientY - box.top) / box.height) * HEIGHT];
  }

  function nearest([px, py]) {
    let best = -1;
    let least = NEAR;
    points.forEach(([x, y], number) => {
      const away = Math.hypot(toX(x) - px, toY(y) - py);
      if (away < least) [best, least] = [number, away];
    });
    return best;
  }

  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    const at = spot(event);
    dragging = nearest(at);
    if (dragging < 0) {
      self.add([fromX(at[0]), fromY(at[1])], true);
      dragging = self.chosen;
    } else {
      self.select(dragging, true);
    }
    element.setPointerCapture(event.pointerId);
  });
  element.addEventListener("pointermove", (event) => {
    if (dragging < 0 || dragging >= points.length) return;
    const [px, py] = spot(event);
    move(dragging, fromX(px), fromY(py));
  });
  for (const end of ["pointerup", "pointercancel"]) element.addEventListener(end, () => (dragging = -1));

  const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  element.addEventListener("keydown", (event) => {
    const number = [...dots.children].indexOf(event.target);
    if (number < 0) return;
    const [x, y] = points[number];
    const size = event.shiftKey ? 10 : 1;
    if (event.key in STEPS) {
      const [dx, dy] = STEPS[event.key];
      move(number, x + 0.05 * size * dx, y + 0.1 * size * dy);
    } else if (event.key === "PageDown" || event.key === "PageUp") {
      self.select((number + (event.key === "PageDown" ? 1 : points.length - 1)) % points.length, true);
    } else if (event.key === "Home" || event.key === "End") self.select(event.key === "Home" ? 0 : points.length - 1, true);
    else if (event.key === "Delete" || event.key === "Backspace") self.remove();
    else if (event.key === "Insert" || event.key === "+") self.add([x + 0.2, y], true);
    else return;
    event.preventDefault();
  });
  dots.addEventListener("focusin", (event) => {
    const number = [...dots.children].indexOf(event.target);
    if (number >= 0 && number !== self.chosen) self.select(number);
  });

  self.stop = () => (dragging = -1);
  return self;
}

const clamp = (value) => Math.min(1e5, Math.max(-1e5, Number.isFinite(value) ? value : 1e5));

// Axes, a faint grid, and the window that lines are cut to.
function frame() {
  const right = WIDTH - MARGIN.right;
  const bottom = HEIGHT - MARGIN.bottom;
  const group = s("g", { class: "frame", "aria-hidden": "true" });
  const window = { x: MARGIN.left, y: MARGIN.top, width: right - MARGIN.left, height: bottom - MARGIN.top };
  group.append(s("clipPath", { id: "plane-clip" }, s("rect", window)), s("rect", { class: "ground", ...window }));
  for (let x = X[0]; x <= X[1]; x += 1) {
    group.append(s("line", { x1: toX(x), x2: toX(x), y1: MARGIN.top, y2: bottom, class: x === 0 ? "zero" : "grid" }));
    group.append(s("text", { x: toX(x), y: HEIGHT - 7, "text-anchor": "middle" }, String(x).replace("-", "−")));
  }
  for (let y = Y[0]; y <= Y[1]; y += 5) {
    group.append(s("line", { y1: toY(y), y2: toY(y), x1: MARGIN.left, x2: right, class: y === 0 ? "zero" : "grid" }));
    group.append(s("text", { x: MARGIN.left - 5, y: toY(y) + 4, "text-anchor": "end" }, String(y).replace("-", "−")));
  }
  return group;
}
