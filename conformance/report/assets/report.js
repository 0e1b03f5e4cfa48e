// Runs when pytest-html has drawn its table: from then on rows are sorted, filtered and opened here, in place and by
// keyboard too. pytest-html's own listeners would draw the table anew and lose the focus; they never hear of a click.

// pytest-html copies this for each of a thousand rows; none has a picture or a film
{
  const row = document.getElementById("template_results-table__tbody").content;
  row.querySelector(".media").replaceChildren();
  const texts = document.createTreeWalker(row, NodeFilter.SHOW_TEXT);
  const blanks = [];
  while (texts.nextNode()) blanks.push(texts.currentNode);
  blanks.forEach((blank) => blank.remove());
}

addEventListener("DOMContentLoaded", () => {
  "use strict";
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const by = new Intl.Collator("en", { numeric: true }).compare;
  const BAD = ["error", "failed"];

  document.documentElement.lang = "en";
  document.head.append(Object.assign(document.createElement("meta"), { name: "viewport", content: "width=device-width" }));
  const main = document.createElement("main");
  document.body.prepend(main);
  main.append(...$$("body > :not(main, footer)"));

  // -- the rows

  const table = document.getElementById("results-table");
  table.setAttribute("aria-labelledby", "judgements");
  const form = document.getElementById("find");
  const rows = $$("tbody", table).filter((body) => body.querySelector("button")).map((body, index) => {
    const cells = $$(".collapsible > td:not([hidden])", body);
    const button = body.querySelector("button");
    const details = body.querySelector(".extras-row");
    details.id = `details-${index}`;
    button.setAttribute("aria-controls", details.id);
    const ended = cells[0].className;
    return {
      body, button, details, ended,
      first: !cells[1].querySelector("b") || Boolean(cells[1].querySelector("b[id]")),
      keys: cells.map((cell) => cell.dataset.key ?? cell.textContent),
      level: cells[2].textContent,
      words: `${cells[1].textContent} ${cells[2].textContent} ${cells[3].textContent}`.toLowerCase(),
    };
  });

  const open = (row, yes) => {
    row.details.classList.toggle("hidden", !yes);
    row.button.setAttribute("aria-expanded", yes);
  };
  const sort = (column, falling) => {
    rows.sort((a, b) => by(a.keys[column], b.keys[column]) * (falling ? -1 : 1));
    table.append(...rows.map((row) => row.body));
    $$("th", table).forEach((head, index) => {
      if (index === column) head.setAttribute("aria-sort", falling ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
  };

  // -- the filter

  const fill = () => {
    for (const ended of new Set(rows.map((row) => row.ended))) {
      const label = document.createElement("label");
      const box = Object.assign(document.createElement("input"), { type: "checkbox", name: "ended", value: ended, defaultChecked: true });
      const some = rows.filter((row) => row.ended === ended);
      label.append(box, ` ${some[0].button.textContent} (${some.length})`);
      form.querySelector("fieldset").append(label, " ");
    }
  };
  const filter = () => {
    const asked = new FormData(form);
    const words = asked.get("words").toLowerCase().split(/\s+/).filter(Boolean);
    const shown = rows.filter((row) => {
      const fits = asked.getAll("ended").includes(row.ended) && [row.level, ""].includes(asked.get("level"));
      const yes = fits && words.every((word) => row.words.includes(word));
      row.body.hidden = !yes;
      return yes;
    });
    form.querySelector("output").textContent = `${shown.length} of ${rows.length} judgements`;
  };

  // -- links from the summary

  const seek = () => {
    const id = decodeURIComponent(location.hash.slice(1));
    const row = id && rows.find(({ body }) => $$("[id]", body).some((one) => one.id === id));
    if (!row) return;
    if (row.body.hidden) {
      form.reset();
      filter();
    }
    rows.forEach(({ body }) => body.classList.toggle("sought", body === row.body));
    open(row, true);
    row.body.scrollIntoView();
    row.button.focus({ preventScroll: true });
  };

  document.addEventListener("click", (event) => {
    const head = event.target.closest("#results-table th");
    const line = event.target.closest("#results-table .collapsible");
    if (event.target.closest('a[href^="#"]')?.hash === location.hash) setTimeout(seek);
    if (head) sort([...head.parentElement.children].indexOf(head), head.getAttribute("aria-sort") === "ascending");
    if (line && !String(getSelection())) {
      const row = rows.find(({ body }) => body === line.parentElement);
      if (row) open(row, row.details.classList.contains("hidden"));
    }
    if (head || line) event.stopPropagation();
  }, true);
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  $$("button", form).forEach((button) => button.addEventListener("click", () => {
    rows.filter((row) => !row.body.hidden).forEach((row) => open(row, button.value === "open"));
  }));
  addEventListener("hashchange", seek);

  sort(0, false);
  rows.forEach((row) => {
    const first = BAD.includes(row.ended) && row.first; // dozens of a requirement would bury the others
    row.body.classList.toggle("first", first);
    open(row, first);
  });
  fill();
  filter();
  seek();
});
