// What the page does beyond what it is without this script: zoom, what a mark says, the filter.
// Text of logs is only read from the page and put back as text: nothing here makes markup of it.
(() => {
"use strict";

const SVG = "http://www.w3.org/2000/svg";
const MOST = 500; // times as wide as the page
const LEFT = 0.005, WIDE = 0.99; // where time begins in a drawing, and how much of its width it takes
const MINUTE = 60, HOUR = 3600, DAY = 86400;
const STEPS = [
  1, 5, 15, 30, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 20 * MINUTE, 30 * MINUTE,
  HOUR, 2 * HOUR, 4 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 4 * DAY, 7 * DAY, 14 * DAY,
  30 * DAY, 90 * DAY, 365 * DAY,
];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const clamp = (value, least, most) => Math.min(Math.max(value, least), most);
const iso = (ms) => new Date(ms).toISOString();
const toSecond = (ms) => iso(ms).slice(0, 19).replace("T", " ");

function axisLabel(ms, step, first) {
  const at = new Date(ms), day = `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]}`;
  if (step >= 365 * DAY) return iso(ms).slice(0, 10);
  if (step >= DAY) return first ? `${day} ${at.getUTCFullYear()}` : day;
  const time = iso(ms).slice(11, step < MINUTE ? 19 : 16);
  if (first) return `${day} ${time}`;
  return ms % (DAY * 1000) === 0 ? day : time;
}

// --- a mark says its finding

const tip = document.createElement("div");
tip.className = "tip";
tip.hidden = true;
tip.setAttribute("aria-hidden", "true"); // a mark's name says the same
document.body.append(tip);

function said(mark) {
  const title = mark.querySelector("title");
  if (title) { // or the browser would say it a second time
    mark.setAttribute("aria-label", title.textContent);
    title.remove();
  }
  return mark.getAttribute("aria-label") || "";
}

function sayAt(words, left, right, top, bottom) {
  tip.textContent = words;
  tip.hidden = false;
  const wide = document.documentElement.clientWidth;
  const middle = clamp((Math.max(left, 0) + Math.min(right, wide)) / 2, 0, wide);
  tip.style.left = `${clamp(middle - tip.offsetWidth / 2, 8, Math.max(wide - tip.offsetWidth - 8, 8))}px`;
  const above = top - tip.offsetHeight - 8;
  tip.style.top = `${above > 4 ? above : bottom + 8}px`;
}

function showTip(mark) {
  const box = mark.getBoundingClientRect();
  const words = said(mark) + (mark.hasAttribute("href") ? "" : " (not among the evidence shown)");
  sayAt(words, box.left, box.right, box.top, box.bottom);
}

function showLevel(panel, event) {
  const box = panel.getBoundingClientRect(), { most, name, unit } = panel.dataset;
  const x = (event.clientX - box.left) / box.width * 1000, height = panel.viewBox.baseVal.height;
  for (const path of panel.querySelectorAll(".edge")) {
    // "M0 40H10V30": a line that stands still until the next time, then goes up or down
    const [first, ...steps] = path.getAttribute("d").slice(1).split("H");
    let [left, level] = first.split(" ").map(Number);
    for (const step of steps) {
      const [right, next] = step.split("V").map(Number);
      if (left <= x && x < right) {
        const exact = most * (1 - level / height), value = exact < 5000 && !unit ? Math.round(exact) : exact;
        const words = value.toLocaleString("en", { maximumFractionDigits: value < 100 ? 1 : 0 });
        sayAt(`${name}: ${words}${unit && ` ${unit}`}`, event.clientX, event.clientX, box.top, box.bottom);
        return;
      }
      [left, level] = [right, next];
    }
  }
  hideTip();
}

const hideTip = () => { tip.hidden = true; };
const markOf = (node) => node instanceof Element ? node.closest(".timeline a") : null;

for (const name of ["pointerover", "focusin"]) {
  document.addEventListener(name, (event) => {
    const mark = markOf(event.target);
    if (mark) showTip(mark);
    else if (name === "focusin" || !markOf(document.activeElement)) hideTip();
  });
}
document.addEventListener("pointermove", (event) => {
  const panel = event.target instanceof Element && event.target.closest("svg.panel");
  if (panel) showLevel(panel, event);
});
document.addEventListener("focusout", hideTip);
document.addEventListener("scroll", hideTip, { capture: true, passive: true });

// --- what a link leads to may be folded or filtered away

function reveal(hash) {
  const target = hash.length > 1 && document.getElementById(hash.slice(1));
  if (!target) return;
  let unfolded = false;
  for (let node = target; node; node = node.parentElement) {
    if (node.localName === "details" && !node.open) node.open = unfolded = true;
    if (node.localName === "article" && node.hidden) clearFilter();
  }
  if (unfolded) target.scrollIntoView({ block: "center" });
}

document.addEventListener("click", (event) => {
  const link = event.target instanceof Element && event.target.closest('a[href^="#"]');
  if (!link) return;
  hideTip();
  reveal(link.getAttribute("href"));
});

// --- timelines

function button(text, label, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.setAttribute("aria-label", label);
  made.addEventListener("click", act);
  return made;
}

function timeline(figure) {
  const scroller = figure.querySelector(".scroller");
  const svg = scroller.querySelector("svg");
  const start = Number(svg.dataset.start), span = Number(svg.dataset.span);
  const most = clamp(span / 60000, 1, MOST);
  let zoom = 1, marks = null, group = null;

  const seen = document.createElement("output");
  const tools = document.createElement("div");
  tools.className = "tools";
  tools.append(
    button("+", "Zoom in", () => zoomTo(zoom * 2)),
    button("\u2212", "Zoom out", () => zoomTo(zoom / 2)),
    button("All", "Show the whole time", () => zoomTo(1)),
    seen,
  );
  figure.prepend(tools);
  scroller.tabIndex = 0;
  scroller.setAttribute("role", "group");
  scroller.setAttribute("aria-label",
    "Timeline: plus and minus zoom, 0 shows all, left and right move; Tab goes to the marks");

  const width = () => scroller.clientWidth * zoom;
  const timeAt = (x) => start + span * clamp((x / width() - LEFT) / WIDE, 0, 1);

  function axis() {
    const x = scroller.scrollLeft;
    for (const label of svg.querySelectorAll(".stay")) label.setAttribute("x", x);
    if (group) group.remove();
    group = null;
    seen.textContent = "";
    svg.classList.toggle("zoomed", zoom > 1);
    if (zoom === 1) return;
    const from = timeAt(x), to = timeAt(x + scroller.clientWidth);
    const few = scroller.clientWidth < 600 ? 4 : 7;
    const step = STEPS.find((one) => (to - from) / 1000 / one <= few) || 365 * DAY;
    const bottom = svg.dataset.axis;
    group = document.createElementNS(SVG, "g");
    for (let at = Math.ceil(from / 1000 / step) * step * 1000, first = true; at <= to; at += step * 1000) {
      const place = `${100 * (LEFT + WIDE * (at - start) / span)}%`;
      const line = document.createElementNS(SVG, "line"), text = document.createElementNS(SVG, "text");
      for (const [name, value] of [["class", "grid"], ["x1", place], ["x2", place], ["y1", 0], ["y2", bottom]])
        line.setAttribute(name, value);
      const share = (at - from) / (to - from);
      text.setAttribute("class", share < 0.08 ? "start" : share > 0.92 ? "end" : "middle");
      text.setAttribute("x", place);
      text.setAttribute("y", Number(bottom) + 14);
      text.textContent = axisLabel(at, step, first);
      first = false;
      group.append(line, text);
    }
    svg.prepend(group);
    seen.textContent = `${toSecond(from)} to ${toSecond(to)}`;
  }

  function zoomTo(next, at = scroller.clientWidth / 2) {
    const share = (scroller.scrollLeft + at) / width();
    zoom = clamp(next, 1, most);
    if (zoom < 1.01) zoom = 1;
    svg.style.width = `${zoom * 100}%`;
    scroller.scrollLeft = share * width() - at;
    axis();
  }

  function place(mark) {
    const rect = mark.querySelector("rect");
    return rect.x.baseVal.valueInSpecifiedUnits;
  }

  function goTo(mark) {
    const x = place(mark) / 100 * width();
    if (x < scroller.scrollLeft + 8 || x > scroller.scrollLeft + scroller.clientWidth - 8)
      scroller.scrollLeft = x - scroller.clientWidth / 2;
    for (const one of marks) one.tabIndex = one === mark ? 0 : -1;
    mark.focus({ preventScroll: true });
  }

  function ordered() {
    marks ||= [...svg.querySelectorAll("a")].sort((a, b) => place(a) - place(b));
    return marks;
  }

  scroller.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const mark = markOf(event.target);
    const at = mark ? place(mark) / 100 * width() - scroller.scrollLeft : undefined;
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "+" || event.key === "=") zoomTo(zoom * 2, at);
    else if (event.key === "-") zoomTo(zoom / 2, at);
    else if (event.key === "0") zoomTo(1);
    else if (move && mark) goTo(ordered()[clamp(marks.indexOf(mark) + move, 0, marks.length - 1)]);
    else if (move) scroller.scrollLeft += move * scroller.clientWidth / 4;
    else if (event.key === "Home" || event.key === "End") {
      if (mark) goTo(ordered().at(event.key === "Home" ? 0 : -1));
      else scroller.scrollLeft = event.key === "Home" ? 0 : width();
    } else if (event.key === "Escape") {
      if (mark) scroller.focus({ preventScroll: true });
      hideTip();
    } else return;
    event.preventDefault();
  });
  scroller.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    zoomTo(zoom * (event.deltaY < 0 ? 1.25 : 0.8), event.clientX - scroller.getBoundingClientRect().left);
  }, { passive: false });
  let waiting = false;
  scroller.addEventListener("scroll", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; axis(); });
  }, { passive: true });
  window.addEventListener("beforeprint", () => { if (zoom > 1) zoomTo(1); });
  const first = svg.querySelector("a");
  if (first) first.tabIndex = 0;
}

for (const figure of document.querySelectorAll("figure.timeline")) timeline(figure);

// --- the filter

const filter = document.getElementById("filter");
let clearFilter = () => {};

if (filter) {
  const text = document.getElementById("filter-text"), host = document.getElementById("filter-host");
  const count = document.getElementById("filter-count");
  const severities = [...filter.querySelectorAll("[type=checkbox]")];
  const items = new Map(); // an incident stands in the overview, in full, or in both
  for (const node of document.querySelectorAll("[data-incident]")) {
    const key = node.dataset.incident;
    if (!items.has(key)) items.set(key, { nodes: [], words: null, ...node.dataset });
    items.get(key).nodes.push(node);
  }
  const wordsOf = (item) => (item.words ??= item.nodes.map((node) => node.textContent).join(" ").toLowerCase());

  function apply() {
    const wanted = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = new Set(severities.filter((box) => box.checked).map((box) => box.value));
    let shown = 0;
    for (const item of items.values()) {
      const fits = chosen.has(item.severity)
        && (!host || !host.value || item.host === host.value)
        && wanted.every((word) => wordsOf(item).includes(word));
      for (const node of item.nodes) node.hidden = !fits;
      shown += fits;
    }
    const all = shown === items.size;
    count.textContent = all ? "" : `${shown.toLocaleString("en")} of ${items.size.toLocaleString("en")} incidents`;
    filter.querySelector("button").hidden = all;
  }

  clearFilter = () => {
    text.value = "";
    if (host) host.value = "";
    for (const box of severities) box.checked = true;
    apply();
  };
  filter.addEventListener("input", apply);
  filter.querySelector("button").addEventListener("click", () => { clearFilter(); text.focus(); });
  filter.hidden = false;
  apply(); // a browser may bring back what was typed before
}

if (location.hash) reveal(location.hash);
})();
