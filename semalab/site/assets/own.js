// Shows a saved run that somebody drops on the page, or chooses: its file carries its picture and its steps.
"use strict";
(() => {
  const root = document.getElementById("own"), input = root.querySelector("input"), said = root.querySelector("[role=status]");
  const OTHERWISE = "In Python, lab.load(path).save(\"run.html\") makes a page of it that stands alone.";
  const PARTS = ["wide", "narrow", "steps", "pointed"]; // of what a file carries for a page
  let shown = 0, asked = 0;

  // Why a file cannot be shown, or nothing.
  function trouble(run) {
    if (run?.format !== "semalab run") return "It must be a run that run.save(\"run.json\") wrote.";
    if (!run.page) return `Its picture is not in it: an earlier semalab saved it, or it has more than 5,000 events. ${OTHERWISE}`;
    return "";
  }

  function show(name, text) {
    root.querySelector(".panel")?.remove();
    try {
      const run = JSON.parse(text), why = trouble(run);
      if (why) {
        semalab.write(said, `${name} cannot be shown. ${why}`);
        return;
      }
      if (PARTS.some(part => !run.page[part])) throw new Error("a part is missing");
      const id = `own${shown++}`, panel = document.createElement("div"), plan = document.createElement("script");
      for (const part of PARTS) semalab.facts(`${id}-0-${part}`, run.page[part]);
      plan.type = "application/json";
      plan.textContent = JSON.stringify({ id, controls: [], positions: 1, leftOut: 0, seed: 0, seeds: 1 });
      Object.assign(panel, { id, className: "panel" });
      panel.setAttribute("role", "group");
      panel.setAttribute("aria-label", `The run of ${name}`);
      const turned = document.createElement("div");
      turned.className = "turned";
      panel.append(plan, turned);
      root.append(panel);
      semalab.panel(panel);
      panel.querySelector(".steps").open = true;
      semalab.write(said, `${name}: ${run.verdict}`);
    } catch {
      root.querySelector(".panel")?.remove();
      semalab.write(said, `${name} cannot be shown: it is damaged. ${OTHERWISE}`);
    }
  }

  // Of files that come quickly after each other the last one is wanted, however long the others take.
  function take(file) {
    if (!file) return;
    const number = ++asked, ours = call => value => { if (number === asked) call(value); };
    file.text().then(ours(text => show(file.name, text)), ours(() => semalab.write(said, `${file.name} cannot be read.`)));
  }

  input.addEventListener("click", () => { input.value = ""; }); // the same file, saved anew, is a change, too
  input.addEventListener("change", () => take(input.files[0]));
  document.addEventListener("dragover", event => {
    event.preventDefault();
    root.classList.add("over");
  });
  document.addEventListener("dragleave", () => root.classList.remove("over"));
  document.addEventListener("drop", event => {
    event.preventDefault();
    root.classList.remove("over");
    take(event.dataTransfer.files[0]);
  });
})();
