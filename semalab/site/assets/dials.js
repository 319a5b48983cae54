// Turns a panel's dials: every position was worked out beforehand, and is looked up and painted.
"use strict";
(() => {
  const arrived = new Map(), awaited = new Map(); // key of a file of facts -> facts; the callbacks that wait for it
  const wide = window.matchMedia("(min-width: 620px)");
  const element = (name, attributes = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key in made && typeof value !== "string") made[key] = value;
      else made.setAttribute(key, value);
    }
    made.append(...children);
    return made;
  };

  semalab.facts = (key, facts) => {
    arrived.set(key, facts);
    for (const call of awaited.get(key) ?? []) call(facts);
    awaited.delete(key);
  };

  semalab.ask = ask;
  function ask(key, call) {
    if (arrived.has(key)) call(arrived.get(key));
    else if (awaited.has(key)) awaited.get(key).push(call);
    else {
      awaited.set(key, [call]);
      document.head.append(element("script", { src: `data/${key}.js` }));
    }
  }

  // ---- a run step by step, under its picture

  function steps(svg, button, asked) {
    const scrubber = element("input", { type: "range", min: "0", max: "0", step: "1", "aria-label": "Step" });
    const where = element("output"), said = element("p", { role: "status" });
    let words = [], list = [];
    const count = () => list.length / 3;
    const go = to => {
      scrubber.value = String(Math.min(count() - 1, Math.max(0, to)));
      tell();
    };
    const next = kind => {
      const from = Number(scrubber.value);
      for (let at = from + 1; at < count(); at++) if (list[3 * at + 2] === kind) return go(at);
      said.textContent = "There is none after this step.";
      return undefined;
    };
    const buttons = element("div", { class: "buttons" },
      button("◀", "step back", () => go(Number(scrubber.value) - 1)), button("▶", "step forward", () => go(Number(scrubber.value) + 1)),
      where, button("next wait", "to where somebody begins to wait", () => next(1)),
      button("next hand-over", "to where a permit is handed over", () => next(2)),
      button("next print", "to where something is printed", () => next(3)));
    const fold = element("details", { class: "steps" }, element("summary", {}, "Step through this run"), scrubber, buttons, said);

    function tell() {
      const { place } = asked(), at = Number(scrubber.value);
      svg.querySelector(".cursor")?.remove();
      if (!count() || !place) return;
      const x = place.x(list[3 * at] * place.grain);
      if (x >= place.left && x <= place.right) svg.append(semalab.make("line", { class: "cursor", x1: x, x2: x, y1: place.first - place.pitch / 2, y2: place.height - 400 }));
      const when = place.unit === "event" ? "" : ` · ${semalab.moment(list[3 * at] * place.grain, place)}`;
      where.textContent = `step ${number(at + 1)} of ${number(count())}${when}`;
      semalab.write(said, words[list[3 * at + 1]]);
      scrubber.setAttribute("aria-valuetext", `${where.textContent}: ${said.textContent}`);
    }

    function changed() {
      if (!fold.open) {
        svg.querySelector(".cursor")?.remove();
        return;
      }
      const { key, at } = asked();
      ask(key, facts => {
        if (asked().key !== key || asked().at !== at) return;
        ({ words } = facts);
        list = facts.positions[at];
        scrubber.max = String(Math.max(0, count() - 1));
        go(Math.min(Number(scrubber.value), count() - 1));
      });
    }

    // To the last step that is not after a time, in the clock's unit; says whether the steps are open.
    function to(time) {
      if (!fold.open || !count()) return false;
      let at = 0;
      while (at + 1 < count() && list[3 * (at + 1)] <= time) at++;
      go(at);
      return true;
    }

    function on(by) {
      if (!fold.open || !count()) return false;
      go(Number(scrubber.value) + by);
      return true;
    }

    scrubber.addEventListener("input", event => {
      event.stopPropagation(); // it is no dial
      tell();
    });
    fold.addEventListener("toggle", changed);
    return { fold, changed, to, on };
  }

  // ---- the panel

  const KEYS = "Arrow keys go from bar to bar, Enter follows a thread or, where the steps are open, goes there, plus and minus zoom, Escape shows all.";
  const number = value => (typeof value === "number" ? value.toLocaleString("en-US") : String(value));

  function panel(root) {
    const plan = JSON.parse(root.querySelector("script").textContent);
    const places = plan.controls.map(control => control.place);
    let seed = 0, shown = null, wanted = "", spoken = "";

    const inputs = plan.controls.map((control, which) => {
      const id = `${plan.id}-${which}`, value = element("output", { for: id });
      const input = control.kind === "range"
        ? element("input", { id, type: "range", min: "0", max: String(control.stops.length - 1), step: "1" })
        : element("select", { id }, ...control.stops.map((stop, at) => element("option", { value: String(at) }, number(stop))));
      input.addEventListener("input", () => {
        places[which] = Number(input.value);
        show();
      });
      return { control, input, value, box: element("div", { class: "dial" }, element("label", { for: id }, control.label), input, value) };
    });
    const button = (text, hint, act) => {
      const made = element("button", { type: "button", title: hint }, text);
      made.addEventListener("click", act);
      return made;
    };
    const seedSays = element("span", { class: "seed" });
    const next = button("next seed", "the same position in another schedule", () => {
      seed = (seed + 1) % plan.seeds;
      show();
    });
    const reset = button("reset", "the dials as they were at first", () => {
      plan.controls.forEach((control, which) => { places[which] = control.place; });
      seed = 0;
      show();
    });
    const svg = semalab.make("svg", { role: "img", tabindex: "0", "data-name": plan.id });
    const pointed = element("p", { class: "pointed", "aria-live": "polite" });
    // what nobody can turn is not announced
    const sentence = element("p", { class: "spoken", ...(inputs.length ? { role: "status" } : {}) }), note = element("p", { class: "about" });
    const printed = element("pre"), fold = element("details", {}, element("summary", {}, "What the program printed"), printed);
    const stops = plan.leftOut ? `, and the dials stop at ${number(plan.positions)} of ${number(plan.positions + plan.leftOut)} positions` : "";
    const left = inputs.length ? [element("p", { class: "left-out" },
      `Here ${number(plan.seeds)} seed${plan.seeds === 1 ? " is" : "s are"} kept of each position${stops}. The notebook has all of them, and real threads (wall), too.`)] : [];
    const stepping = steps(svg, button, () => ({ place: shown?.place, key: `${plan.id}-${seed}-steps`, at: index() }));
    const schedules = element("p", { class: "schedules", role: "status" }); // of the dials as they are, when it was asked for
    const tried = plan.explored ? [button("try every schedule", "for the dials as they are now", () => semalab.write(schedules, plan.explored[index()]))] : [];
    root.querySelector(".turned").append(
      ...(inputs.length ? [element("form", { class: "controls" }, ...inputs.map(one => one.box), element("div", { class: "buttons" }, next, seedSays, reset, ...tried))] : []),
      element("div", { class: "picture" }, svg), element("div", { class: "told" }, pointed), sentence, note, ...(tried.length ? [schedules] : []), stepping.fold, fold, ...left);
    root.querySelector("form")?.addEventListener("submit", event => event.preventDefault());

    const index = () => plan.controls.reduce((found, control, which) => found * control.stops.length + places[which], 0);

    function show() {
      inputs.forEach(({ control, input, value }, which) => {
        input.value = String(places[which]);
        value.textContent = control.kind === "range" ? number(control.stops[places[which]]) : "";
        input.setAttribute("aria-valuetext", number(control.stops[places[which]]));
      });
      seedSays.textContent = `seed ${plan.seed + seed}`;
      const key = `${plan.id}-${seed}-${wide.matches ? "wide" : "narrow"}`, at = index();
      wanted = key;
      ask(key, facts => { // it may come after one that was asked for later
        if (at === index() && key === wanted) paint(facts, at);
      });
    }

    function paint(facts, at) {
      const place = semalab.paint(svg, facts, at);
      shown = { place, facts, at };
      pointer.fresh(place);
      stepping.changed();
      svg.setAttribute("aria-label", `Timeline. ${place.sentence} (${place.description}) ${KEYS}`);
      root.dataset.standing = place.standing;
      if (spoken !== place.sentence) semalab.write(sentence, spoken = place.sentence); // what stays is not said again
      semalab.write(note, place.note);
      printed.textContent = place.printed;
      fold.hidden = !place.printed;
      if (root.dataset.position !== `${at}`) schedules.replaceChildren(); // it was of other values
      root.classList.add("ready");
      if (turned) remember();
      root.dataset.position = `${at}`;
    }

    // ---- the position in the address

    let turned = false;
    function remember() {
      const words = plan.controls.map((control, which) => `${control.name}=${encodeURIComponent(control.stops[places[which]])}`);
      history.replaceState(null, "", `#${[...words, `seed=${plan.seed + seed}`].join("&")}`);
    }

    function recall() {
      const asked = new URLSearchParams(location.hash.slice(1));
      let any = false;
      plan.controls.forEach((control, which) => {
        const found = control.stops.findIndex(stop => String(stop) === asked.get(control.name));
        if (found >= 0) {
          places[which] = found;
          any = true;
        }
      });
      const asked_seed = Number(asked.get("seed") ?? NaN) - plan.seed;
      if (asked_seed >= 0 && asked_seed < plan.seeds) seed = Math.floor(asked_seed);
      return any;
    }

    // ---- pointing

    const pointer = semalab.pointer(svg, pointed, {
      pointed: call => ask(`${plan.id}-${seed}-pointed`, told => call(told[index()])),
      paint: window => {
        shown.place = semalab.paint(svg, shown.facts, shown.at, window);
        stepping.changed();
        return shown.place;
      },
      go: time => stepping.to(time / shown.place.grain),
      step: stepping.on,
    });

    root.addEventListener("input", () => { turned = inputs.length > 0; });
    root.addEventListener("click", event => { if (inputs.length && event.target.tagName === "BUTTON") { turned = true; remember(); } });
    window.addEventListener("hashchange", () => { if (recall()) show(); });
    wide.addEventListener("change", show);
    if (recall()) root.scrollIntoView();
    show();
    if (plan.replay) {
      stepping.fold.append(element("p", {}, element("a", { href: plan.replay }, "Play it, with the program beside it")));
      stepping.fold.open = true;
    }
  }

  semalab.panel = panel;
  document.documentElement.classList.add("js");
  for (const root of document.querySelectorAll(".panel")) panel(root);
})();
