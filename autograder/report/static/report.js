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

  const figure = (plot, words) => element("figure", null, picture(plot), element("figcaption", null, words));

  function drawLosses(losses) {
    const points = losses.map((loss, n) => ({ n: losses.length > 1 ? (100 * n) / (losses.length - 1) : 0, loss }));
    const known = losses.filter((loss) => loss !== null);
    return figure(Plot.plot({
      ...quiet, height: 200, width: 560, ariaLabel: "Loss from batch to batch",
      x: { label: "percent of the training" }, y: { label: "loss", grid: true, zero: true },
      marks: [Plot.line(points, { x: "n", y: "loss", stroke: "var(--mark)" }), Plot.ruleY([0])],
    }), `The loss that it met, from batch to batch, as its own process says: ${known.length ? `from ${number(known[0])} to ${number(known.at(-1))}` : "never a number"}${known.length < losses.length ? ", and not always a number" : ""}.`);
  }

  function drawHistory(history) {
    const points = history.flatMap(([name, values]) => values.map((value, n) => ({ name, epoch: n + 1, value })));
    return figure(Plot.plot({
      ...quiet, height: 200, width: 560, marginRight: 110, ariaLabel: "What the training returned, from epoch to epoch",
      x: { label: "epoch", tickFormat: "d", ticks: 6 }, y: { label: null, grid: true }, color: { scheme: "Observable10" },
      marks: [
        Plot.line(points, { x: "epoch", y: "value", stroke: "name", z: "name" }),
        Plot.text(points, Plot.selectLast({ x: "epoch", y: "value", z: "name", text: "name", textAnchor: "start", dx: 5, fill: "currentColor" })),
      ],
    }), `What it returned: ${history.map(([name, values]) => `${name} ends at ${values.at(-1) ?? "no number"}`).join(", ")}.`);
  }

  function drawConfusion(confusion) {
    const cells = confusion.flatMap((row, truth) => row.map((count, taken) => ({ truth, taken, count })));
    const most = Math.max(...cells.map((cell) => cell.count)), size = Math.max(220, 34 * confusion.length);
    const worst = cells.filter((cell) => cell.truth !== cell.taken).reduce((a, b) => (b.count > a.count ? b : a), { count: 0 });
    return figure(Plot.plot({
      ...quiet, height: size, width: size + 60, ariaLabel: "Confusion matrix", color: { scheme: "Blues", domain: [0, most] },
      x: { label: "taken for", axis: "top" }, y: { label: "class" },
      marks: [
        Plot.cell(cells, { x: "taken", y: "truth", fill: "count", inset: 0.5 }),
        Plot.text(cells.filter((cell) => cell.count), { x: "taken", y: "truth", text: "count", fill: (cell) => (cell.count > most / 2 ? "white" : "black") }),
      ],
    }), `Hidden images of each class, by the class that they were taken for.${worst.count ? ` Most often, ${worst.truth} was taken for ${worst.taken}: ${worst.count} images.` : ""}`);
  }

  function drawKernels(kernels) {
    const shades = kernels.flatMap((kernel, k) => kernel.flatMap((row, y) => row.map((shade, x) => ({ k, x, y, shade }))));
    const across = Math.min(8, kernels.length), down = Math.ceil(kernels.length / across);
    return figure(Plot.plot({
      ...quiet, width: 68 * across, height: 68 * down, margin: 0, ariaLabel: "Kernels of the first convolution", padding: 0,
      color: { scheme: "RdBu", domain: [-99, 99] }, x: { axis: null }, y: { axis: null }, fx: { axis: null, padding: 0.15 }, fy: { axis: null, padding: 0.15 },
      marks: [Plot.cell(shades, { x: "x", y: "y", fx: (d) => d.k % across, fy: (d) => Math.floor(d.k / across), fill: "shade" })],
    }), `${kernels.length} kernels of the first convolution, first channel; white is 0, red below, blue above.`);
  }

  function trainingShown([_question, losses, history, confusion, kernels]) {
    const part = element("div", { class: "training" });
    if (losses.length) part.append(drawLosses(losses));
    if (history.length) part.append(drawHistory(history));
    if (confusion.length) part.append(drawConfusion(confusion));
    if (kernels.length) part.append(drawKernels(kernels));
    return part;
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
    for (const training of submission.trainings) {
      opened.append(element("h3", null, `The first training for ${training[0]}`), trainingShown(training));
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
