// Figures that a reader moves. Put behind formulas.js and SCENES, which are printed from the catalogue while the site
// is built: SCENES[name] takes the inputs and returns every quantity. The marks to place stand in the page.
const pick = (numbers, name) => {
  if (/^-?[\d.]+$/.test(name)) return Number(name);
  const [row, place] = name.split(".");
  return place === undefined ? numbers[row] : numbers[row][place];
};

// A number with so many decimals, or as a power of ten where these say nothing.
const shown = (number, digits) => {
  const size = Math.abs(number);
  let text = number.toFixed(digits);
  if (size >= 1e5 || number && digits && size < 10 ** -digits / 2) {
    const [mantissa, exponent] = number.toExponential(1).split("e");
    const raised = String(Number(exponent)).replace(/[-\d]/g, (sign) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(sign)]);
    text = `${mantissa} · 10${raised}`;
  } else if (Number(text) === 0) text = text.replace("-", "");
  return text.replace("-", "−");
};

const scaleOf = (svg) => {
  const pairOf = (name) => svg.dataset[name].split(" ").map(Number);
  const [[left, right], [low, high], [width, height]] = ["x", "y", "size"].map(pairOf);
  const level = svg.dataset.log ? (y) => Math.log10(Math.max(y, 1e-300)) : (y) => y;
  const near = (pixels) => Math.min(Math.max(pixels, -2000), 2000);
  return {
    pixel: (x, y) => [
      near(width * (x - left) / (right - left)),
      near(height * (level(high) - level(y)) / (level(high) - level(low))),
    ],
    number: (across, up) => [left + across / width * (right - left), high - up / height * (high - low)],
  };
};

const placesOf = (mark, scale, numbers) => mark.dataset.at.split(" ").flatMap((pair) => {
  const columns = pair.split(",").map((name) => pick(numbers, name));
  const longest = Math.max(...columns.map((column) => column.length ?? 1));
  const [x, y] = columns.map((column) => column.length ? column : Array(longest).fill(column));
  const places = x.map((at, k) => [at, y[k]]).filter((place) => place.every(Number.isFinite));
  return places.map((place) => scale.pixel(...place));
});

const text = (number) => String(Number(number.toFixed(2)));

const headOf = ([x0, y0], [x1, y1]) => {
  const across = x1 - x0, up = y1 - y0, length = Math.hypot(across, up);
  if (length < 2) return "";
  const size = Math.min(8, length) / length;
  const side = (turn) => `${text(x1 - size * (across + turn * up))} ${text(y1 - size * (up - turn * across))}`;
  const [from, to] = [0.6, -0.6].map(side);
  return `M${from}L${text(x1)} ${text(y1)}L${to}`;
};

const place = (mark, scale, numbers) => {
  const places = placesOf(mark, scale, numbers);
  const kind = mark.dataset.kind;
  if (kind === "dot") {
    const [x, y] = places[0] ?? [-2000, -2000];
    mark.setAttribute("cx", text(x));
    mark.setAttribute("cy", text(y));
  } else if (kind === "points") {
    mark.setAttribute("d", places.map(([x, y]) => `M${text(x)} ${text(y)}h0`).join(""));
  } else {
    const line = places.length ? `M${places.map(([x, y]) => `${text(x)} ${text(y)}`).join("L")}` : "";
    mark.setAttribute("d", line + (kind === "arrow" && places.length === 2 ? headOf(...places) : ""));
  }
};

const start = (figure) => {
  const compute = SCENES[figure.dataset.scene];
  const inputs = [...figure.querySelectorAll("input")];
  const panels = [...figure.querySelectorAll(".panel")].map((svg) => ({ svg, scale: scaleOf(svg) }));
  const told = figure.querySelector(".told");
  let later;

  const draw = () => {
    const numbers = compute(Object.fromEntries(inputs.map((input) => [input.name, input.valueAsNumber])));
    const texts = {};
    for (const input of inputs) {
      texts[input.name] = shown(input.valueAsNumber, Number(input.dataset.digits));
      input.setAttribute("aria-valuetext", texts[input.name]);
      figure.querySelector(`output[data-shown="${input.name}"]`).textContent = texts[input.name];
    }
    for (const cell of figure.querySelectorAll("td[data-shown]")) {
      const number = pick(numbers, cell.dataset.shown);
      const words = cell.dataset.words?.split("|").map((word) => word.split(":"));
      cell.dataset.exact = number;
      const word = words?.find(([limit]) => number <= Number(limit))[1];
      texts[cell.dataset.shown] = cell.textContent = word ?? shown(number, Number(cell.dataset.digits));
    }
    for (const { svg, scale } of panels) {
      for (const mark of svg.querySelectorAll("[data-at]")) place(mark, scale, numbers);
    }
    return told.dataset.told.replace(/\{([^}]*)\}/g, (_, name) => texts[name]);
  };

  // The sentence is read out once the hand rests.
  const update = () => {
    const sentence = draw();
    clearTimeout(later);
    later = setTimeout(() => { told.textContent = sentence; }, 500);
  };

  const inputOf = (name) => figure.querySelector(`input[name="${name}"]`);
  const drag = (svg, scale, handle) => {
    const { dragX, dragY } = handle.dataset;
    handle.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      handle.setPointerCapture(event.pointerId);
      inputOf(dragX || dragY).focus({ preventScroll: true, focusVisible: false });
    });
    handle.addEventListener("pointermove", (event) => {
      if (!handle.hasPointerCapture(event.pointerId)) return;
      const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(handle.getScreenCTM().inverse());
      const [x, y] = scale.number(at.x, at.y);
      if (dragX) inputOf(dragX).value = x;
      if (dragY) inputOf(dragY).value = y;
      update();
    });
  };

  for (const { svg, scale } of panels) {
    for (const handle of svg.querySelectorAll(".handle")) drag(svg, scale, handle);
  }
  figure.addEventListener("input", update);
  for (const button of figure.querySelectorAll("button")) {
    button.addEventListener("click", () => {
      if (button.dataset.step) inputOf(button.dataset.step).stepUp();
      else for (const input of inputs) input.value = input.defaultValue;
      update();
    });
  }
  told.textContent = draw();
};

// Each in a task of its own, so that a slow phone answers in between.
for (const figure of document.querySelectorAll(".interactive")) setTimeout(start, 0, figure);
