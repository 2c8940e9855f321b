// What the page does once it is open: the table, its filters, the part of one submission, the plots. What comes from
// submissions becomes text nodes; nothing here makes HTML of a string.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const texts = data.texts;
  const byId = (id) => document.getElementById(id);
  const places = new Map(data.submissions.map((submission, place) => [submission.name, place]));
  const causes = new Map(data.causes.map((cause, place) => [cause[0], place]));
  const number = (value) => String(Math.round(value * 100) / 100);

  function element(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes ?? {})) made.setAttribute(name, value);
    made.append(...children); // strings become text nodes
    return made;
  }

  const address = (place) => `#submission=${encodeURIComponent(data.submissions[place].name)}`;

  // --- plots ---------------------------------------------------------------------------------------------------------

  const quiet = { style: { background: "none", fontSize: "12px", color: "currentColor" } };

  // One picture with one name, to who hears the page; Plot names its parts, where that means nothing.
  function picture(plot) {
    plot.setAttribute("role", "img");
    for (const part of plot.querySelectorAll("[aria-label]")) part.removeAttribute("aria-label");
    return plot;
  }

  function drawDistribution() {
    const counts = [...document.querySelectorAll("td.bin")].map((cell) => Number(cell.textContent));
    const bins = counts.map((count, n) => ({ from: (n * 100) / counts.length, to: ((n + 1) * 100) / counts.length, count }));
    const plot = Plot.plot({
      ...quiet, height: 220, width: 560, ariaLabel: "Distribution of scores; the figures are beside it",
      x: { label: "percent", ticks: 10 }, y: { label: "submissions", grid: true, tickFormat: "d", ticks: Math.min(5, Math.max(...counts)) },
      marks: [
        Plot.rectY(bins, { x1: "from", x2: "to", y: "count", fill: "var(--mark)", insetLeft: 1, insetRight: 1 }),
        Plot.text(bins.filter((bin) => bin.count), { x: (bin) => (bin.from + bin.to) / 2, y: "count", text: "count", dy: -8, fill: "currentColor" }),
        Plot.ruleY([0]),
      ],
    });
    document.querySelector("#distribution .plot").append(picture(plot));
  }

  function drawAmongAll(name, own) {
    const all = data.submissions.flatMap((submission) => submission.board.filter((entry) => entry[0] === name).map((entry) => entry[1]));
    return picture(Plot.plot({
      ...quiet, height: 70, width: 560, ariaLabel: `${name} of all submissions, and of this one`, x: { label: name },
      marks: [
        Plot.tickX(all, { x: (value) => value, stroke: "currentColor", strokeOpacity: 0.35 }),
        Plot.tickX([own], { x: (value) => value, stroke: "var(--poor)", strokeWidth: 3 }),
      ],
    }));
  }

  // --- one submission ------------------------------------------------------------------------------------------------

  function rank(name, own, order) {
    const others = data.submissions.flatMap((submission) => submission.board.filter((entry) => entry[0] === name).map((entry) => entry[1]));
    const better = others.filter((value) => (order === "desc" ? value > own : value < own)).length;
    return `${name}: ${number(own)}; ${better} of ${others.length} submissions have a better one.`;
  }

  function checkShown([check, points, most, outcome, feedback, seconds, decided, cause, basis]) {
    const [name, title] = data.checks[check];
    const kind = data.outcomes[outcome];
    const part = element("div", { class: `check ${kind.replace(" ", "-")}` });
    part.append(element("h3", null, title));
    const meta = element("p", { class: "meta" }, element("span", { class: `status ${kind.replace(" ", "-")}` }, kind),
      ` · ${number(points)} of ${number(most)} points · ${seconds} s · `, element("code", null, name));
    if (texts[basis] !== "computed") meta.append(` · rests on what is ${texts[basis].replace(/: $/, "")}`);
    if (cause >= 0) meta.append(" · ", element("a", { href: `#cause-${data.causes[cause][0]}` }, "others with this cause"));
    part.append(meta);
    if (texts[feedback]) part.append(element("div", { class: "feedback" }, texts[feedback]));
    for (const line of decided) part.append(element("p", { class: "decided" }, texts[line]));
    return part;
  }

  function open(place) {
    const submission = data.submissions[place];
    const opened = byId("opened");
    const bar = element("div", { class: "bar" }, element("a", { href: "#table" }, "Back to the table"));
    const order = table.rows({ search: "applied" }).indexes().toArray();
    const at = order.indexOf(place);
    if (at > 0) bar.append(element("a", { href: address(order[at - 1]) }, "Previous"));
    if (at >= 0 && at + 1 < order.length) bar.append(element("a", { href: address(order[at + 1]) }, "Next"));
    const title = element("h2", { tabindex: "-1" }, submission.name);
    opened.replaceChildren(bar, title, element("p", { class: "lead" },
      `${number(submission.score)} of ${number(submission.max)} points · `,
      element("span", { class: `status ${submission.status}` }, submission.status),
      ` · ${submission.seconds} s · sandbox: ${texts[submission.sandbox] || "none was needed"}`));
    if (submission.policy) {
      const [score, most, steps] = submission.policy;
      opened.append(element("p", null, element("strong", null, `${number(score)} of ${number(most)} points count`),
        steps.length ? ", by the policy:" : ": the policy changes nothing."));
      if (steps.length) opened.append(element("ol", null, ...steps.map((step) => element("li", null, texts[step]))));
    }
    for (const note of submission.notes) opened.append(element("div", { class: "feedback" }, texts[note]));
    if (texts[submission.trouble]) {
      opened.append(element("h3", null, "Trouble on our side"), element("div", { class: "feedback" }, texts[submission.trouble]));
    }
    for (const [name, own, better] of submission.board) {
      opened.append(element("figure", null, drawAmongAll(name, own), element("figcaption", null, rank(name, own, better))));
    }
    opened.append(...submission.checks.map(checkShown));
    opened.hidden = false;
    opened.scrollIntoView();
    title.focus({ preventScroll: true });
  }

  function follow() {
    const hash = location.hash;
    if (hash.startsWith("#submission=")) {
      let name = "";
      try { name = decodeURIComponent(hash.slice("#submission=".length)); } catch { return; }
      if (places.has(name)) open(places.get(name));
      return;
    }
    byId("opened").hidden = true;
    const target = hash.length > 1 ? byId(hash.slice(1)) : null;
    if (!target) return;
    for (let around = target.closest("details"); around; around = around.parentElement.closest("details")) around.open = true;
    target.scrollIntoView();
    if (target.id === "table") target.focus({ preventScroll: true });
  }

  // --- the table -----------------------------------------------------------------------------------------------------

  const questions = [...new Set(data.checks.map((check) => check[2]))];
  const rows = data.submissions.map((submission, place) => {
    const got = new Map(), most = new Map();
    for (const [check, points, max] of submission.checks) {
      const question = data.checks[check][2];
      got.set(question, (got.get(question) ?? 0) + points);
      most.set(question, (most.get(question) ?? 0) + max);
    }
    return {
      place, name: submission.name, score: submission.score, status: submission.status, seconds: submission.seconds,
      counts: submission.policy ? submission.policy[0] : 0,
      points: questions.map((question) => (got.has(question) ? Math.round(got.get(question) * 100) / 100 : "")),
      lost: new Set(questions.filter((question) => got.has(question) && got.get(question) < most.get(question) - 1e-9)),
      causes: new Set(submission.checks.map((check) => check[7])),
    };
  });

  // DataTables makes HTML of strings: cells get nodes, and what it searches is escaped, since it decodes that.
  const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const plain = (text, kind) => (kind === "display" ? document.createTextNode(text) : kind === "filter" ? escaped(text) : text.toLowerCase());
  const linked = (name, kind, row) => (kind === "display" ? element("a", { href: address(row.place) }, name) : plain(name, kind));
  const status = (value, kind) => (kind === "display" ? element("span", { class: `status ${value}` }, value) : value);

  const table = new DataTable("#submissions", {
    data: rows,
    deferRender: true,
    autoWidth: false,
    pageLength: 50,
    order: [],
    layout: { topStart: "search", topEnd: null, bottomStart: "info", bottomEnd: "paging" },
    language: { search: "Search names", info: "_START_ to _END_ of _TOTAL_", infoFiltered: "(of _MAX_)", zeroRecords: "No submission is like that.", infoEmpty: "None" },
    columns: [
      { title: "submission", data: "name", type: "string", render: linked },
      ...(data.submissions[0].policy ? [{ title: "counts", data: "counts", type: "num", className: "n", searchable: false }] : []),
      { title: "score", data: "score", type: "num", className: "n", searchable: false },
      ...questions.map((question, n) => ({ title: escaped(question), data: (row) => row.points[n], type: "num", className: "n", searchable: false })),
      { title: "status", data: "status", type: "string", render: status, searchable: false },
      { title: "seconds", data: "seconds", type: "num", className: "n", searchable: false },
    ],
  });

  function filter() {
    const wanted = { status: byId("by-status").value, question: byId("by-question").value, cause: causes.get(byId("by-cause").value) };
    table.search.fixed("filters", (_text, row) =>
      (!wanted.status || row.status === wanted.status) && (!wanted.question || row.lost.has(wanted.question)) &&
      (wanted.cause === undefined || row.causes.has(wanted.cause)));
    table.draw();
  }

  byId("filters").addEventListener("change", filter);
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("filters").addEventListener("reset", () => setTimeout(() => { table.search(""); filter(); }));
  for (const button of document.querySelectorAll("button[data-cause]")) {
    button.addEventListener("click", () => {
      byId("filters").reset();
      setTimeout(() => {
        byId("by-cause").value = button.dataset.cause;
        filter();
        byId("table").scrollIntoView();
        byId("table").focus({ preventScroll: true });
      });
    });
  }

  // On paper there are no pages to turn and nothing to unfold.
  let shown = [];
  addEventListener("beforeprint", () => {
    shown = [...document.querySelectorAll("details:not([open])")];
    shown.forEach((details) => { details.open = true; });
    table.page.len(-1).draw(false);
  });
  addEventListener("afterprint", () => {
    shown.forEach((details) => { details.open = false; });
    table.page.len(50).draw(false);
  });

  drawDistribution();
  addEventListener("hashchange", follow);
  follow();
  document.documentElement.dataset.ready = "yes";
})();
