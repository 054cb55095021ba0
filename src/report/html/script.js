// Searches, filters, unfolds and moves about in what the page already holds. It makes no markup and nothing of data: texts of
// strangers are read for searching and never written. Without it the page can be read all the same.
"use strict";
(() => {
  const one = (selector) => document.querySelector(selector);
  const main = one("main");
  const root = document.documentElement;

  // ---- Light and dark ----

  const themes = ["system", "light", "dark"];
  const themeButton = one("#theme");
  // A page that was opened from a disk may have no storage.
  const remembered = (name) => { try { return localStorage.getItem(name); } catch { return null; } };
  const remember = (name, value) => { try { localStorage.setItem(name, value); } catch { /* it holds for this visit */ } };

  function setTheme(theme) {
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
    themeButton.textContent = `Theme: ${theme}`;
    remember("scimulate-theme", theme);
  }
  const nextTheme = () => setTheme(themes[(themes.indexOf(root.dataset.theme ?? "system") + 1) % themes.length]);
  const known = remembered("scimulate-theme");
  setTheme(themes.includes(known) ? known : "system");
  themeButton.hidden = false;
  themeButton.addEventListener("click", nextTheme);

  // ---- Going to a place ----

  /** Unfolds all that is around an element, shows what a filter hid, and moves the focus to it. */
  function go(element) {
    const target = element.closest(".finding") ?? element;
    if (target.closest("[hidden]")) reset();
    for (let around = target; around; around = around.parentElement) {
      if (around.tagName === "DETAILS") around.open = true;
    }
    const summary = target.parentElement?.tagName === "DETAILS" && !target.classList.contains("finding")
      ? target.parentElement.querySelector("summary") : target;
    if (summary.tagName !== "SUMMARY") summary.tabIndex = -1;
    summary.focus({ preventScroll: true });
    summary.scrollIntoView({ block: "start" });
  }

  function goToHash() {
    const place = location.hash.slice(1);
    const element = /^[\w-]+$/.test(place) ? document.getElementById(place) : null;
    if (element && element.closest("details")) go(element);
  }
  addEventListener("hashchange", goToHash);

  // ---- Search and filter ----

  const bar = one("#bar");
  const search = one("#search");
  const selects = ["verdict", "authority", "strength", "client", "feature", "tag"]
    .map((name) => [name, one(`#${name}`)]).filter(([, select]) => select);
  let scenarios = null;

  /** What can be found, read from the page when it is first asked for. */
  function index() {
    scenarios ??= [...document.querySelectorAll(".scenario")].map((element) => {
      const inside = element.querySelector(":scope > div");
      return {
        element,
        data: element.dataset,
        tags: (element.dataset.t ?? "").split(" "),
        head: null,
        steps: [...inside.children].filter((child) => child.classList.contains("step"))
          .map((step) => ({ element: step, data: step.dataset, judged: (step.dataset.j ?? "").split(" "), text: null })),
      };
    });
    return scenarios;
  }

  const headOf = (scenario) => (scenario.head ??=
    `${scenario.element.firstElementChild.textContent} ${scenario.element.querySelector(".place").textContent}`.toLowerCase());
  const textOf = (step) => (step.text ??= step.element.textContent.toLowerCase());

  /** Whether a step was judged on an authority, with a strength; an empty word stands for any. */
  const isJudged = (step, authority, strength) => (!authority && !strength) || step.judged.some((pair) => {
    const [who, how] = pair.split("-");
    return (!authority || who === authority) && (!strength || how === strength);
  });

  const show = (element, shown) => { if (element.hidden === shown) element.hidden = !shown; };

  function filter() {
    const wanted = Object.fromEntries(selects.map(([name, select]) => [name, select.value]));
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let steps = 0;
    let found = 0;
    const { verdict, authority, strength, client, feature, tag } = wanted;
    const byStep = verdict || authority || strength || feature || words.length > 0;
    for (const scenario of index()) {
      let any = false;
      if ((!client || scenario.data.c === client) && (!tag || scenario.tags.includes(tag))) {
        const open = words.filter((word) => !headOf(scenario).includes(word));
        for (const step of scenario.steps) {
          const shown = (!verdict || step.data.v === verdict)
            && (!feature || (step.data.f ?? scenario.data.f) === feature)
            && isJudged(step, authority, strength)
            && open.every((word) => textOf(step).includes(word));
          show(step.element, shown);
          steps += shown;
          any ||= shown;
        }
        // A scenario without steps, or of which only the client or the tag was asked for.
        any ||= !byStep || (scenario.steps.length === 0 && !verdict && !authority && !strength && open.length === 0
          && (!feature || scenario.data.f === feature));
      }
      show(scenario.element, any);
      found += any;
    }
    for (const part of document.querySelectorAll(".part")) {
      const all = part.querySelectorAll(":scope > .scenario").length;
      const left = part.querySelectorAll(":scope > .scenario:not([hidden])").length;
      show(part, left > 0);
      part.querySelector("h3 > small").textContent = left === all ? `${all}` : `${left} of ${all}`;
    }
    const count = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;
    one("#count").textContent = `${count(steps, "step")} in ${count(found, "scenario")}`;
    highlight(words);
  }

  /** Marks what was searched for in what is unfolded. */
  function highlight(words) {
    if (!("highlights" in CSS)) return;
    CSS.highlights.delete("found");
    if (words.length === 0) return;
    const ranges = [];
    for (const scenario of index()) {
      if (scenario.element.hidden) continue;
      const texts = document.createTreeWalker(scenario.element, NodeFilter.SHOW_ALL, (node) => {
        if (node.nodeType === Node.TEXT_NODE) return NodeFilter.FILTER_ACCEPT;
        return node.nodeType === Node.ELEMENT_NODE && isSeen(node) ? NodeFilter.FILTER_SKIP : NodeFilter.FILTER_REJECT;
      });
      while (ranges.length < 500 && texts.nextNode()) {
        const text = texts.currentNode.data.toLowerCase();
        for (const word of words) {
          for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) {
            const range = new Range();
            // Lower case may be longer than the text that it is of.
            if (at + word.length > texts.currentNode.length) break;
            range.setStart(texts.currentNode, at);
            range.setEnd(texts.currentNode, at + word.length);
            ranges.push(range);
          }
        }
      }
    }
    CSS.highlights.set("found", new Highlight(...ranges));
  }

  function reset() {
    search.value = "";
    for (const [, select] of selects) select.value = "";
    filter();
  }

  const shownScenarios = () => index().filter((scenario) => !scenario.element.hidden);

  if (bar) {
    bar.hidden = false;
    let waiting = 0;
    search.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(filter, 120);
    });
    search.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      // Else it would fold at once what gets the focus.
      event.preventDefault();
      clearTimeout(waiting);
      filter();
      const first = shownScenarios()[0];
      const step = first?.steps.find((candidate) => !candidate.element.hidden);
      if (first) go((step ?? first).element.querySelector(":scope > div"));
    });
    for (const [, select] of selects) select.addEventListener("change", filter);
    one("#reset").addEventListener("click", reset);
    // Unfolding thousands of scenarios at once helps nobody.
    one("#unfold").addEventListener("click", () => {
      for (const { element } of shownScenarios().slice(0, 50)) element.open = true;
    });
    one("#fold").addEventListener("click", () => {
      for (const { element } of index()) element.open = false;
    });
    document.addEventListener("toggle", () => {
      if (search.value) highlight(search.value.toLowerCase().split(/\s+/).filter(Boolean));
    }, true);
    filter();
  }

  main.addEventListener("click", (event) => {
    const cell = event.target.closest("a.cell");
    if (cell && bar && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      for (const [name, select] of selects) {
        select.value = name === "client" ? cell.dataset.c : name === "feature" ? cell.dataset.f : "";
      }
      search.value = "";
      filter();
      one("#scenarios").scrollIntoView({ block: "start" });
      shownScenarios()[0]?.element.firstElementChild.focus({ preventScroll: true });
      return;
    }
    const arrow = event.target.closest("[data-to]");
    const place = arrow && document.getElementById(arrow.dataset.to);
    if (place) history.replaceState(null, "", `#${place.id}`), go(place);
  });
  root.dataset.runs = "";

  // ---- Keys ----

  /** Neither hidden nor in something folded. */
  function isSeen(node) {
    const around = node.parentElement;
    return !node.hidden && node.tagName !== "svg"
      && !(around?.tagName === "DETAILS" && !around.open && node.tagName !== "SUMMARY");
  }

  /** The line that folds after the given one, or before it. */
  function neighbour(from, forward) {
    const lines = document.createTreeWalker(main, NodeFilter.SHOW_ELEMENT, (node) => {
      if (!isSeen(node)) return NodeFilter.FILTER_REJECT;
      return node.tagName === "SUMMARY" ? NodeFilter.FILTER_ACCEPT : NodeFilter.FILTER_SKIP;
    });
    lines.currentNode = from ?? one("#scenarios") ?? main;
    return forward ? lines.nextNode() : lines.previousNode();
  }

  function move(forward) {
    const next = neighbour(document.activeElement?.closest?.("main *") ?? null, forward);
    next?.focus({ preventScroll: true });
    next?.scrollIntoView({ block: "nearest" });
  }

  /** The failure after the focus, or before it. */
  function failure(forward) {
    const all = [...document.querySelectorAll(".finding.bad")];
    const here = document.activeElement ?? main;
    const follows = (finding) => here.compareDocumentPosition(finding) & Node.DOCUMENT_POSITION_FOLLOWING;
    const next = forward ? all.find((finding) => finding !== here && follows(finding))
      : all.findLast((finding) => finding !== here && !follows(finding) && !finding.contains(here));
    if (next) {
      history.replaceState(null, "", `#${next.id}`);
      go(next);
    }
  }

  const dialog = one("#keys");
  const single = one("#single");
  single.checked = remembered("scimulate-keys") !== "off";
  single.addEventListener("change", () => remember("scimulate-keys", single.checked ? "on" : "off"));
  one("#close").addEventListener("click", () => dialog.close());
  one("#help").hidden = false;
  one("#help").addEventListener("click", () => dialog.showModal());

  /** Folds or unfolds the line that has the focus as in a tree. */
  function branch(line, unfold) {
    const details = line.parentElement;
    if (unfold) details.open = true;
    else if (details.open) details.open = false;
    else details.parentElement.closest("details")?.querySelector("summary").focus();
  }

  const keys = {
    j: () => move(true), k: () => move(false), n: () => failure(true), p: () => failure(false),
    t: nextTheme, "?": () => dialog.showModal(),
    "/": () => { search?.scrollIntoView({ block: "center" }); search?.focus({ preventScroll: true }); search?.select(); },
  };
  const onLine = {
    ArrowDown: () => move(true), ArrowUp: () => move(false),
    ArrowRight: (line) => branch(line, true), ArrowLeft: (line) => branch(line, false),
  };

  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || dialog.open) return;
    const here = event.target;
    if (event.key === "Escape" && bar) {
      if (here === search) search.blur();
      reset();
      return;
    }
    if (here.matches?.("input, select, textarea")) return;
    const line = here.closest?.("summary");
    const act = (line && onLine[event.key]) ?? (single.checked && keys[event.key]);
    if (act) {
      event.preventDefault();
      act(line);
    }
  });

  goToHash();
})();
