"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const rows = [...document.querySelectorAll(".runs tbody tr")];
  const tip = document.getElementById("tip");
  const card = document.getElementById("card");

  /** An element with attributes and children; text is never taken as markup. */
  function element(name, attributes = {}, ...children) {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  }

  function svg(name, attributes = {}, text = "") {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.textContent = text;
    return node;
  }

  const title = (run) => `η = ${run.facts[0]}, B = ${run.facts[1]}`;

  /* Points of the figures under the pointer. */

  const figures = [...document.querySelectorAll(".figure")].map((element) => {
    const drawing = element.querySelector("svg");
    const name = drawing.querySelector("title");
    if (name) {
      // The browser would show a title as a second tooltip.
      drawing.setAttribute("aria-label", name.textContent);
      name.remove();
    }
    drawing.setAttribute("tabindex", "0");
    return { drawing, targets: data.figures[element.dataset.name] || [], current: -1 };
  });

  const highlighted = { runs: new Set() };

  /** The index of the target nearest to the pointer, -1 if none is near. */
  function nearest(figure, event) {
    const matrix = figure.drawing.getScreenCTM();
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
    const reach = (event.pointerType === "touch" ? 32 : 22) / matrix.a;
    let [best, distance] = [-1, reach];
    figure.targets.forEach(([x, y], index) => {
      const d = Math.hypot(x - at.x, y - at.y);
      if (d < distance) [best, distance] = [index, d];
    });
    return best;
  }

  function highlight(figure, index) {
    if (index < 0) return clearHighlight();
    if (figure.current === index && !tip.hidden) return;
    clearHighlight();
    figure.current = index;
    const [x, y, curve, runs] = figure.targets[index];
    highlighted.runs = new Set(runs);
    for (const other of figures) drawHalos(other, figure);
    for (const run of runs) rows[run].classList.add("linked");
    fillTip(curve, runs);
    placeTip(figure, x, y);
  }

  function clearHighlight() {
    tip.hidden = true;
    for (const figure of figures) figure.current = -1;
    document.querySelectorAll(".halo").forEach((halo) => halo.remove());
    for (const run of highlighted.runs) rows[run].classList.remove("linked");
    highlighted.runs = new Set();
  }

  /** Draws a ring around every point of the highlighted runs. */
  function drawHalos(figure, own) {
    figure.targets.forEach(([x, y, , runs], index) => {
      if (!runs.some((run) => highlighted.runs.has(run))) return;
      const other = figure !== own || index !== own.current;
      const kind = other ? "halo other" : "halo";
      figure.drawing.append(svg("circle", { cx: x, cy: y, r: other ? 4 : 5, class: kind }));
    });
  }

  function fillTip(curve, runs) {
    const first = data.runs[runs[0]];
    if (!first) return;
    const body = element("tbody");
    for (const index of data.pointed.slice(2)) {
      const cells = runs.slice(0, 3).map((run) => element("td", {}, data.runs[run].facts[index]));
      body.append(element("tr", {}, element("th", { scope: "row" }, data.labels[index][0]), ...cells));
    }
    tip.replaceChildren(element("b", {}, title(first)), element("table", {}, body));
    if (runs.length > 3) tip.append(`and ${runs.length - 3} more seeds`);
    tip.hidden = false;
  }

  function placeTip(figure, x, y) {
    const at = new DOMPoint(x, y).matrixTransform(figure.drawing.getScreenCTM());
    const [width, height] = [tip.offsetWidth, tip.offsetHeight];
    const beside = at.x + 14 + width < innerWidth ? at.x + 14 : at.x - 14 - width;
    const left = Math.min(Math.max(8, beside), innerWidth - width - 8);
    const top = Math.min(Math.max(8, at.y - height - 10), innerHeight - height - 8);
    tip.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }

  /** The next target for an arrow key: along the curve for left and right, the nearest one for up and down. */
  function step(figure, key) {
    const { targets, current } = figure;
    if (!targets.length) return -1;
    if (current < 0) return 0;
    const move = { ArrowRight: 1, ArrowLeft: -1 }[key];
    if (move) return Math.min(Math.max(current + move, 0), targets.length - 1);
    const [x, y] = targets[current];
    const sign = key === "ArrowDown" ? 1 : -1;
    let [best, least] = [current, Infinity];
    targets.forEach(([tx, ty], index) => {
      const distance = Math.abs(tx - x) * 4 + Math.abs(ty - y);
      if ((ty - y) * sign > 0.01 && distance < least) [best, least] = [index, distance];
    });
    return best;
  }

  for (const figure of figures) {
    const open = () => {
      const target = figure.targets[figure.current];
      if (target && target[3].length) openCard(target[3][0]);
    };
    figure.drawing.addEventListener("pointermove", (event) => highlight(figure, nearest(figure, event)));
    figure.drawing.addEventListener("pointerleave", (event) => {
      if (event.pointerType !== "touch") clearHighlight();
    });
    let touched = -1;
    figure.drawing.addEventListener("pointerdown", (event) => {
      const index = nearest(figure, event);
      // The first tap shows the numbers, a second one on the same point opens the run.
      touched = event.pointerType === "touch" && index !== figure.current ? index : -1;
      highlight(figure, index);
    });
    figure.drawing.addEventListener("click", () => {
      if (touched < 0) open();
    });
    figure.drawing.addEventListener("keydown", (event) => {
      if (event.key.startsWith("Arrow")) {
        event.preventDefault();
        highlight(figure, step(figure, event.key));
      } else if (event.key === "Enter") {
        open();
      } else if (event.key === "Escape") {
        clearHighlight();
      }
    });
    figure.drawing.addEventListener("blur", clearHighlight);
  }
  addEventListener("scroll", clearHighlight, { passive: true });

  /* Sorting and filtering the table. */

  const body = document.querySelector(".runs tbody");
  const heads = [...document.querySelectorAll(".runs thead th")];

  function sortBy(column) {
    const head = heads[column];
    const direction = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    for (const other of heads) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
    const keyed = rows.map((row) => [row, key(row.cells[column])]);
    keyed.sort(([, a], [, b]) => compare(a, b, direction));
    body.append(...keyed.map(([row]) => row));
  }

  const key = (cell) => (cell.dataset.order === undefined ? cell.textContent : Number(cell.dataset.order));

  /** Numbers before words, and unknown values always last. */
  function compare(a, b, direction) {
    const rank = (value) => (typeof value === "number" ? 0 : value === "–" ? 2 : 1);
    if (rank(a) !== rank(b)) return rank(a) - rank(b);
    return direction * (typeof a === "number" ? a - b : a.localeCompare(b));
  }

  heads.forEach((head, column) => head.firstElementChild.addEventListener("click", () => sortBy(column)));

  const filters = document.querySelector(".filters");
  const texts = rows.map((row) =>
    [...row.cells].map((cell) => cell.textContent).concat(data.runs[row.dataset.run].id, data.runs[row.dataset.run].notes).join(" ").toLowerCase());

  function filter() {
    const words = filters.words.value.toLowerCase().split(/\s+/);
    const [outcome, batch] = [filters.outcome.value, filters.batch.value];
    let shown = 0;
    rows.forEach((row, index) => {
      const fits = words.every((word) => texts[index].includes(word))
        && (!outcome || row.dataset.outcome === outcome)
        && (!batch || row.dataset.batch === batch);
      row.hidden = !fits;
      shown += fits;
    });
    filters.querySelector("output").textContent = `${shown} of ${rows.length} runs`;
  }

  filters.addEventListener("input", filter);
  filters.addEventListener("submit", (event) => event.preventDefault());

  /* The card of one run. */

  let opened = -1;

  function openCard(index) {
    const run = data.runs[index];
    if (!run) return;
    opened = index;
    clearHighlight();
    document.getElementById("card-title").textContent = title(run);
    document.getElementById("card-id").textContent = `run ${run.id}`;
    document.getElementById("card-verdict").textContent = run.verdict ?? "";
    document.getElementById("card-notes").replaceChildren(...run.notes.map((note) => element("li", {}, note)));
    const facts = run.facts.map((text, at) => {
      const [label, meaning] = data.labels[at];
      return element("div", {}, element("dt", { title: meaning }, label), element("dd", {}, text));
    });
    document.getElementById("card-facts").replaceChildren(...facts);
    drawLoss(run);
    drawSpectrum(run);
    if (!card.open) card.showModal();
    history.replaceState(null, "", `#run=${run.id}`);
  }

  /** Opens the run before or after this one, in the current order of the table. */
  function openNeighbour(by) {
    const shown = [...body.rows].filter((row) => !row.hidden).map((row) => Number(row.dataset.run));
    const next = shown[shown.indexOf(opened) + by];
    if (next !== undefined) openCard(next);
  }

  card.addEventListener("close", () => history.replaceState(null, "", location.pathname + location.search));
  card.addEventListener("click", (event) => {
    if (event.target === card || event.target.name === "close") card.close();
    if (event.target.name === "previous") openNeighbour(-1);
    if (event.target.name === "next") openNeighbour(1);
  });
  card.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") openNeighbour(-1);
    if (event.key === "ArrowRight") openNeighbour(1);
  });
  document.addEventListener("click", (event) => {
    const source = event.target.closest("[data-run]");
    if (source) openCard(Number(source.dataset.run));
  });

  /* The card's two plots. */

  const W = 420, H = 240, LEFT = 52, RIGHT = 12, TOP = 30, BOTTOM = 34;

  /** Plots points with a logarithmic y axis; `scale` maps x to a linear axis. */
  function plot(id, { name, label, points, scale, ticks, marks, joined, describe }) {
    const figure = document.getElementById(id);
    if (points.length < 2) {
      figure.replaceChildren(element("p", { class: "quiet" }, `${name}: not recorded`));
      return;
    }
    const heights = points.map(([, y]) => y).concat(marks.filter((m) => m.y).map((m) => m.y));
    let [low, high] = [Math.log10(Math.min(...heights)), Math.log10(Math.max(...heights))];
    if (high - low < 0.5) [low, high] = [low - 0.25, high + 0.25];
    const [first, last] = [scale(points[0][0]), scale(points[points.length - 1][0])];
    const X = (x) => LEFT + ((scale(x) - first) / (last - first || 1)) * (W - LEFT - RIGHT);
    const Y = (y) => H - BOTTOM - ((Math.log10(y) - low) / (high - low)) * (H - BOTTOM - TOP);
    const drawing = svg("svg", { viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": `${name} against ${label}` });
    drawing.append(svg("text", { x: LEFT, y: 14, class: "name" }, name));
    decades(low, high).forEach((k) => {
      const y = Y(10 ** k);
      drawing.append(svg("path", { class: "grid", d: `M${LEFT} ${y}H${W - RIGHT}` }));
      drawing.append(svg("text", { x: LEFT - 6, y: y + 4, "text-anchor": "end" }, power(k)));
    });
    ticks(points).forEach((x) =>
      drawing.append(svg("text", { x: X(x), y: H - BOTTOM + 15, "text-anchor": "middle" }, String(x))));
    drawing.append(svg("text", { x: W - RIGHT, y: H - 3, "text-anchor": "end" }, label));
    for (const { x, y, text } of marks) {
      const d = y ? `M${LEFT} ${Y(y)}H${W - RIGHT}` : `M${X(x)} ${TOP}V${H - BOTTOM}`;
      drawing.append(svg("path", { class: "mark", d }));
      // Below a line at the top, where the name of the plot is.
      const above = y && Y(y) < TOP + 12 ? 14 : -4;
      const at = y ? { x: LEFT + 4, y: Y(y) + above } : { x: X(x) - 4, y: H - BOTTOM - 6, "text-anchor": "end" };
      drawing.append(svg("text", at, text));
    }
    if (joined) {
      const d = points.map(([x, y], i) => `${i ? "L" : "M"}${X(x).toFixed(1)} ${Y(y).toFixed(1)}`).join("");
      drawing.append(svg("path", { class: "line", d }));
    } else {
      points.forEach(([x, y]) => drawing.append(svg("circle", { class: "dot", cx: X(x), cy: Y(y), r: 2.4 })));
    }
    addReadout(drawing, points, X, Y, describe);
    figure.replaceChildren(drawing);
  }

  /** Shows the numbers of the point under the pointer in the upper right corner. */
  function addReadout(drawing, points, X, Y, describe) {
    const cursor = svg("circle", { class: "cursor", r: 4, cx: -20, cy: -20 });
    const text = svg("text", { class: "read", x: W - RIGHT, y: 14 });
    drawing.append(cursor, text);
    drawing.addEventListener("pointermove", (event) => {
      const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(drawing.getScreenCTM().inverse());
      const distance = ([x]) => Math.abs(X(x) - at.x);
      const point = points.reduce((best, next) => (distance(next) < distance(best) ? next : best));
      cursor.setAttribute("cx", X(point[0]));
      cursor.setAttribute("cy", Y(point[1]));
      text.textContent = describe(point);
    });
  }

  function decades(low, high) {
    const every = Math.max(1, Math.ceil((high - low) / 6));
    const all = [];
    for (let k = Math.ceil(low); k <= high; k += every) all.push(k);
    return all;
  }

  const power = (k) => "10" + [...String(k)].map((c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c])).join("");
  const number = (value) => (Math.abs(Math.log10(value)) < 3 ? value.toPrecision(4) : scientific(value));

  function scientific(value) {
    const [digits, exponent] = value.toExponential(3).split("e");
    return `${digits}×${power(Number(exponent))}`;
  }

  function drawLoss(run) {
    const { epochs, losses } = run.history || { epochs: [], losses: [] };
    const points = epochs.map((epoch, i) => [epoch, losses[i]]);
    const last = epochs[epochs.length - 1] || 0;
    const marks = [];
    if (data.warmup && data.warmup < last) marks.push({ x: data.warmup, text: "end of warm-up" });
    if (data.tolerance) marks.push({ y: data.tolerance, text: "tolerance" });
    plot("loss", {
      name: "Loss", label: "epoch", points, marks, joined: true,
      scale: (epoch) => Math.log10(epoch + 1),
      ticks: () => [0, 1, 3, 10, 30, 100, 300, 1000, 3000, 10000, 30000, 100000].filter((e) => e <= last),
      describe: ([epoch, loss]) => `epoch ${epoch}: ${number(loss)}`,
    });
  }

  function drawSpectrum(run) {
    const points = run.spectrum.map((value, i) => [i + 1, value]);
    plot("spectrum", {
      name: "Spectrum", label: "k-th eigenvalue of H", points, joined: false,
      marks: [run.edge ? { y: run.edge[0], text: run.edge[1] } : { y: 2 / run.eta, text: "2/η" }],
      scale: (k) => k,
      ticks: (all) => [1, 8, 16, 24, 32, 40, 48, 56, 64].filter((k) => k <= all.length),
      describe: ([k, value]) => `λ${[...String(k)].map((c) => "₀₁₂₃₄₅₆₇₈₉"[c]).join("")} = ${number(value)}`,
    });
  }

  const wanted = /^#run=(\w+)$/.exec(location.hash);
  if (wanted) openCard(data.runs.findIndex((run) => run.id === wanted[1]));
})();
