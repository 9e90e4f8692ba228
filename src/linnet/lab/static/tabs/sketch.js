// A canvas to draw on: light on dark, as the models' pictures are.

const SIZE = 280;
const UNDOS = 30;

// Gives { element, brush, erases, clear(), undo(), put(pixels, width, height), file(), canUndo, stop() }.
// `onchange()` is called while one draws, with `true` when a stroke has ended.
export function sketch(lab, onchange) {
  const { h, t } = lab;
  const element = h("canvas", { class: "sketch", width: SIZE, height: SIZE, tabIndex: 0, role: "img", ariaLabel: t("try.canvas") });
  const context = element.getContext("2d", { willReadFrequently: true });
  const self = { element, brush: 20, erases: false };
  const past = [];
  let drawing = false;
  let from;
  let pen = [SIZE / 2, SIZE / 2]; // where the keys draw

  const blank = () => {
    context.fillStyle = "#000";
    context.fillRect(0, 0, SIZE, SIZE);
  };
  const remember = () => {
    past.push(context.getImageData(0, 0, SIZE, SIZE));
    if (past.length > UNDOS) past.shift();
  };

  function spot(event) {
    const box = element.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * SIZE, ((event.clientY - box.top) / box.height) * SIZE];
  }

  function stroke(to) {
    context.strokeStyle = context.fillStyle = self.erases ? "#000" : "#fff";
    context.lineWidth = self.brush;
    context.lineCap = context.lineJoin = "round";
    context.beginPath();
    context.moveTo(...(from ?? to));
    context.lineTo(to[0], to[1] + (from ? 0 : 0.01)); // a dot is a line of no length
    context.stroke();
    from = to;
    pen = to;
  }

  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    element.focus({ preventScroll: true });
    element.setPointerCapture(event.pointerId);
    remember();
    drawing = true;
    from = undefined;
    stroke(spot(event));
    onchange(false);
  });
  element.addEventListener("pointermove", (event) => {
    if (!drawing) return;
    for (const part of event.getCoalescedEvents?.() ?? [event]) stroke(spot(part));
    onchange(false);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    element.addEventListener(end, () => {
      if (!drawing) return;
      drawing = false;
      onchange(true);
    });
  }

  // Arrow keys move the pen; with Shift, or after Space has put it down, they draw.
  const STEPS = { ArrowLeft: [-10, 0], ArrowRight: [10, 0], ArrowUp: [0, -10], ArrowDown: [0, 10] };
  let isDown = false;
  element.addEventListener("keydown", (event) => {
    if (event.key in STEPS) {
      const to = pen.map((value, axis) => Math.min(SIZE, Math.max(0, value + STEPS[event.key][axis])));
      if (isDown || event.shiftKey) {
        if (!isDown) remember();
        from = pen;
        stroke(to);
        onchange(true);
      }
      pen = to;
    } else if (event.key === " ") {
      isDown = !isDown;
      if (isDown) {
        remember();
        from = undefined;
        stroke(pen);
        onchange(true);
      }
      lab.say(t(isDown ? "try.penDown" : "try.penUp"));
    } else if (event.key === "z" && (event.ctrlKey || event.metaKey)) self.undo();
    else return;
    event.preventDefault();
  });

  self.clear = () => {
    remember();
    blank();
    onchange(true);
  };
  self.undo = () => {
    if (!past.length) return;
    context.putImageData(past.pop(), 0, 0);
    onchange(true);
  };

  // Show pixels, grey or of three colours, each as a square, to be looked at or drawn over.
  self.put = (pixels, width, height) => {
    remember();
    const small = new OffscreenCanvas(width, height);
    const its = small.getContext("2d");
    const picture = its.createImageData(width, height);
    const each = pixels.length / (width * height);
    for (let i = 0; i < width * height; i++) picture.data.set([0, 1, 2].map((c) => pixels[each * i + (each === 3 ? c : 0)]).concat(255), 4 * i);
    its.putImageData(picture, 0, 0);
    blank();
    context.imageSmoothingEnabled = false;
    const scale = Math.min(SIZE / width, SIZE / height);
    context.drawImage(small, (SIZE - width * scale) / 2, (SIZE - height * scale) / 2, width * scale, height * scale);
  };

  // What is drawn, as a PNG file.
  self.file = () => new Promise((resolve) => element.toBlob(resolve, "image/png"));
  self.forget = () => {
    past.length = 0;
    blank();
  };

  blank();
  return self;
}
