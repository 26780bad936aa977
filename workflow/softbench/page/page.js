// Sorts tables, opens what is folded for print, says where the reader is. The page is whole without it.
"use strict";

const MISSING = Symbol("missing");

function textOf(cell) {
  const copy = cell.cloneNode(true);
  copy.querySelectorAll(".aside, .worse").forEach((one) => one.remove());
  const text = copy.textContent.trim();
  return text || cell.textContent.trim(); // a cell may be nothing but an aside
}

function valueOf(cell) {
  const text = textOf(cell).replace(/\u2212/g, "-");
  if (text === "" || text === "\u2013" || text === "-") return MISSING;
  const number = text.match(/^[<>\u2264\u2265~ ]*([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?|[+-]?\u221e)/i);
  if (!number) return text.toLowerCase();
  return number[1].includes("\u221e") ? (number[1].startsWith("-") ? -Infinity : Infinity) : Number(number[1]);
}

function compare(a, b, direction) {
  if (a === MISSING || b === MISSING) return (a === MISSING) - (b === MISSING); // at the end, either way
  if (typeof a === typeof b) return direction * (typeof a === "number" ? a - b || 0 : a.localeCompare(b, "en"));
  return typeof a === "number" ? -1 : 1;
}

/** Say which column each head stands over, though heads may span rows and columns. */
function columnsOf(table) {
  const taken = [];
  const places = new Map();
  [...table.tHead.rows].forEach((row, y) => {
    taken[y] ??= [];
    let x = 0;
    for (const cell of row.cells) {
      while (taken[y][x]) x += 1;
      for (let below = y; below < y + cell.rowSpan; below += 1) {
        taken[below] ??= [];
        for (let i = x; i < x + cell.colSpan; i += 1) taken[below][i] = true;
      }
      if (cell.colSpan === 1 && cell.scope === "col") places.set(cell, x);
      x += cell.colSpan;
    }
  });
  return places;
}

function sort(table, column, direction) {
  for (const body of table.tBodies) {
    const heads = [...body.rows].filter((row) => row.classList.contains("group"));
    const rows = [...body.rows].filter((row) => !row.classList.contains("group"));
    rows.forEach((row, index) => { row.dataset.place ??= index; });
    rows.sort((a, b) => Number(a.dataset.place) - Number(b.dataset.place));
    if (direction) rows.sort((a, b) => compare(valueOf(a.cells[column]), valueOf(b.cells[column]), direction));
    body.append(...heads, ...rows);
  }
}

function makeSortable(table) {
  const places = columnsOf(table);
  const simple = [...table.querySelectorAll("tbody tr:not(.group) > *")].every((c) => c.colSpan === 1 && c.rowSpan === 1);
  if (!simple || table.rows.length < 4) return;
  for (const [head, column] of places) {
    const button = document.createElement("button");
    button.type = "button";
    button.title = "Sort; a third click restores the order";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const first = head.textContent.includes("\u2191") ? -1 : 1; // the best comes first
      const now = { ascending: 1, descending: -1 }[head.getAttribute("aria-sort")];
      const next = now === undefined ? first : now === first ? -first : 0;
      places.forEach((_, other) => other.removeAttribute("aria-sort"));
      if (next) head.setAttribute("aria-sort", next > 0 ? "ascending" : "descending");
      sort(table, column, next);
    });
  }
}

document.querySelectorAll(".scores table").forEach(makeSortable);

// Sentences within a table may break, numbers may not; and what is wider than its box says so.
document.querySelectorAll("table.wraps td").forEach((cell) => cell.classList.toggle("prose", textOf(cell).length > 48));
const boxes = new ResizeObserver((entries) => {
  for (const { target } of entries) target.classList.toggle("wide", target.scrollWidth > target.clientWidth + 1);
});
document.querySelectorAll(".scroll").forEach((box) => boxes.observe(box));

// What is folded opens for print, and where a link leads to it.
let opened = [];
addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("main details:not([open])")];
  opened.forEach((one) => { one.open = true; });
});
addEventListener("afterprint", () => opened.forEach((one) => { one.open = false; }));
function openTarget() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const folded = target && target.querySelector(":scope > details");
  if (folded) folded.open = true;
}
addEventListener("hashchange", openTarget);
openTarget();

// The contents close behind the reader, and their bar says where the page is.
const contents = document.querySelector("details.contents");
if (contents) {
  const here = contents.querySelector(".here");
  const links = [...contents.querySelectorAll("a")];
  const places = links.map((link) => document.getElementById(link.getAttribute("href").slice(1)));
  contents.addEventListener("click", (event) => {
    if (event.target.closest("a")) {
      contents.open = false;
      setTimeout(openTarget); // a second click on the same link changes no address
    }
  });
  addEventListener("click", (event) => { if (!contents.contains(event.target)) contents.open = false; });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && contents.open) {
      contents.open = false;
      contents.querySelector("summary").focus();
    }
  });
  let waiting = false;
  const follow = () => {
    waiting = false;
    const passed = places.filter((place) => place.getBoundingClientRect().top < 120);
    const last = passed.at(-1);
    const chapter = last && last.closest(".chapter");
    links.forEach((link, index) => link.setAttribute("aria-current", String(places[index] === last)));
    here.textContent = !last ? "" : [chapter, last]
      .filter((one, index, all) => all.indexOf(one) === index)
      .map((one) => one.querySelector("h2, h3").textContent)
      .join(" \u203a ");
  };
  addEventListener("scroll", () => { if (!waiting) { waiting = true; requestAnimationFrame(follow); } }, { passive: true });
  follow();
}
