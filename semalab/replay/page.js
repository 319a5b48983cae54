// Moves through a recorded run: the page's data says what every step changes, this says what is true after it.
"use strict";
(() => {
  const byId = id => document.getElementById(id);
  const log = JSON.parse(byId("log").textContent);
  const items = [...byId("steps").children];
  const count = items.length;
  const root = document.documentElement;
  const FEW = 12; // threads listed one by one; more are listed by what they are at
  const QUEUED = 8; // of those who wait, listed by name
  const WIDTHS = [480, 680, 900]; // pixels from which the picture's next size is painted
  const APART = 512; // steps from one checkpoint to the next
  if (!count) {
    root.classList.remove("js");
    semalab.paint(byId("drawn"), log.drawn, 2);
    return;
  }

  // ---- what is true after a step

  function beginning() {
    return {
      step: -1,
      state: log.threads.map(() => 0),
      line: log.threads.map(() => 0),
      value: log.primitives.map(primitive => primitive.initial),
      waiting: log.primitives.map(() => []),
      held: log.primitives.map(() => new Map()),
      prints: 0,
    };
  }

  const copy = scene => ({
    ...scene,
    state: scene.state.slice(),
    line: scene.line.slice(),
    value: scene.value.slice(),
    waiting: scene.waiting.map(queue => queue.slice()),
    held: scene.held.map(holders => new Map(holders)),
  });

  // A change: thread, its state, line or 0, primitive or -1, value or -1; then what comes and goes, each as sign,
  // primitive, thread: 1 waits, 2 waits no more, 3 holds one more, 4 holds one less, 5 (with two zeros) prints.
  function apply(scene, change) {
    const [thread, state, line, primitive, value] = change;
    scene.state[thread] = state;
    if (line) scene.line[thread] = line;
    if (value >= 0) scene.value[primitive] = value;
    for (let at = 5; at < change.length; at += 3) {
      const [sign, of, who] = change.slice(at, at + 3);
      if (sign === 1) scene.waiting[of].push(who);
      else if (sign === 2) scene.waiting[of] = scene.waiting[of].filter(other => other !== who);
      else if (sign === 5) scene.prints++;
      else {
        const left = (scene.held[of].get(who) ?? 0) + (sign === 3 ? 1 : -1);
        if (left > 0) scene.held[of].set(who, left);
        else scene.held[of].delete(who);
      }
    }
    scene.step++;
  }

  const checkpoints = [beginning()]; // the k-th: before step k * APART
  let present = beginning();

  function sceneAfter(step) {
    const last = Math.min(step, log.changes.length - 1);
    const nearest = Math.min(Math.floor((last + 1) / APART), checkpoints.length - 1);
    if (present.step > last || present.step < nearest * APART - 1) present = copy(checkpoints[nearest]);
    while (present.step < last) {
      apply(present, log.changes[present.step + 1]);
      if (present.step + 1 === checkpoints.length * APART) checkpoints.push(copy(present));
    }
    return present;
  }

  // ---- showing it

  const element = (tag, text, name) => {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (name) made.className = name;
    return made;
  };
  const number = value => value.toLocaleString("en-US");

  // "worker-1, worker-2 and 187 more"
  function names(threads, most = 2) {
    const all = threads.length <= most + 1;
    const shown = (all ? threads : threads.slice(0, most)).map(thread => log.threads[thread]).join(", ");
    return all ? shown : `${shown} and ${number(threads.length - most)} more`;
  }

  // A cell with text in which no word of a usual length breaks, as "worker-1" would at its hyphen, as long as it fits.
  function cell(text, name) {
    const made = element("td", undefined, name);
    made.append(...text.split(/( )/).map(word => (word.length < 20 && word !== " " ? element("span", word, "whole-word") : word)));
    return made;
  }

  function row(cells, name) {
    const made = element("tr", undefined, name);
    for (const given of cells) made.append(typeof given === "string" ? cell(given) : given);
    return made;
  }

  function primitiveRows(scene, acting) {
    return log.primitives.flatMap((primitive, number_) => {
      if (!primitive.shown) return [];
      const value = primitive.words ? primitive.words[Math.min(scene.value[number_], primitive.words.length - 1)]
        : number(scene.value[number_]);
      const holders = [...scene.held[number_]].map(([thread]) => thread);
      const waiting = scene.waiting[number_];
      const cells = [primitive.label, primitive.valued ? value : "–",
        primitive.guard ? names(holders) || "nobody" : "–",
        waiting.length ? cell((waiting.length > 3 ? `${number(waiting.length)}: ` : "") + names(waiting, QUEUED), "waits") : "nobody"];
      return [row(cells, number_ === acting ? "acts" : "")];
    });
  }

  const lineOf = line => (line ? String(line) : "");

  function stateCell(words, group) {
    return cell(words.replaceAll("`", ""), group === "waits" ? "waits" : "");
  }

  function threadRows(scene, acting) {
    if (log.threads.length <= FEW) {
      return log.threads.map((thread, number_) => {
        const [words, group] = log.states[scene.state[number_]];
        const faded = group === "idle" ? "faded" : "";
        return row([thread, stateCell(words, group), lineOf(scene.line[number_])],
          number_ === acting ? "acts" : faded);
      });
    }
    const groups = new Map();
    log.threads.forEach((_, number_) => {
      if (number_ === acting) return;
      const state = scene.state[number_];
      if (!groups.has(state)) groups.set(state, []);
      groups.get(state).push(number_);
    });
    const rows = [...groups].sort(([a], [b]) => a - b).map(([state, threads]) => {
      const [words, group] = log.states[state];
      const said = stateCell(threads.length > 1 ? `${words} (${number(threads.length)})` : words, group);
      const lines = [...new Set(threads.map(thread => scene.line[thread]).filter(Boolean))];
      return row([names(threads), said, lines.length === 1 ? lineOf(lines[0]) : lines.length ? "several" : ""],
        group === "idle" ? "faded" : "");
    });
    if (acting >= 0) {
      rows.unshift(row([log.threads[acting], stateCell(log.states[scene.state[acting]][0], ""), lineOf(scene.line[acting])], "acts"));
    }
    return rows;
  }

  const lines = [...document.querySelectorAll("#source .line")];
  let marked = [];

  function markLines(scene, acting) {
    for (const line of marked) {
      line.classList.remove("acts");
      line.lastElementChild.replaceChildren();
    }
    const standing = new Map(), narrow = byId("program").clientWidth < 420;
    log.threads.forEach((_, thread) => {
      const line = lines[log.lines[scene.line[thread]]];
      if (!line || log.states[scene.state[thread]][1] === "idle") return; // neither before its first step nor at its end
      if (!standing.has(line)) standing.set(line, []);
      if (thread === acting) standing.get(line).unshift(thread);
      else standing.get(line).push(thread);
    });
    marked = [...standing.keys()];
    for (const [line, threads] of standing) {
      const active = threads[0] === acting;
      line.classList.toggle("acts", active);
      const rest = active ? threads.slice(1) : threads;
      if (active) line.lastElementChild.append(element("span", log.threads[acting], "acts"));
      if (rest.length) line.lastElementChild.append(element("span", names(rest, narrow ? 1 : 2)));
    }
    const here = lines[log.lines[scene.line[acting]]];
    if (here) within(here.closest(".box"), here);
  }

  // Scroll a box, never the page.
  function within(box, inner) {
    const outside = box.getBoundingClientRect(), inside = inner.getBoundingClientRect();
    if (inside.top < outside.top + 4) box.scrollTop -= outside.top - inside.top + outside.height / 3;
    else if (inside.bottom > outside.bottom - 18) box.scrollTop += inside.bottom - outside.bottom + outside.height / 3;
  }

  function printedBy(prints) {
    let text = "", at = prints;
    while (at > 0 && text.length < 4000) text = log.prints[--at] + text;
    return (at > 0 ? "…\n" : "") + text;
  }

  // ---- the picture

  const svg = byId("drawn"), paper = byId("paper");
  let time = 0;
  const at = log.apart.map(apart => (time += apart) / log.fine), end = log.end / log.fine; // in the clock's unit
  let place = null, size = -1;

  const painted = window_ => (place = semalab.paint(svg, log.drawn, size, window_));
  const pointer = semalab.pointer(svg, byId("pointed"), {
    pointed: call => call(log.told),
    paint: window_ => {
      painted(window_);
      point(step);
      return place;
    },
    go: time => {
      goTo(time / place.grain);
      return true;
    },
  });

  // To the last event that is not after a time, in the clock's unit.
  function goTo(time) {
    let low = 0, high = at.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (at[middle] <= time) low = middle + 1;
      else high = middle;
    }
    jump(low - 1);
  }
  // Who points at the picture of the panel around; in nanoseconds, or events where the clock stood still.
  document.addEventListener("semalab-go", event => goTo(event.detail / (log.told[0] || 1)));

  // The size that suits the width; what was zoomed is shown whole again.
  function fit() {
    const suits = WIDTHS.filter(width => width <= paper.clientWidth).length;
    if (suits === size) return;
    size = suits;
    pointer.fresh(painted());
    cursor.style.top = `${(place.first - place.pitch / 2) / place.height * 100}%`;
    cursor.style.height = `${(place.height - 390 - place.first + place.pitch / 2) / place.height * 100}%`;
    point(step);
  }

  // Puts the cursor where a step is.
  function point(wanted) {
    const change = log.changes[wanted], acting = change ? change[0] : -1;
    const x = place.x((change ? at[wanted] : end) * place.grain);
    cursor.style.left = dot.style.left = `${x / place.width * 100}%`;
    dot.style.top = `${(place.first + place.pitch * Math.max(acting, 0)) / place.height * 100}%`;
    const seen = x >= place.left - 1 && x <= place.right + 1;
    cursor.hidden = !seen;
    dot.hidden = !seen || acting < 0;
  }

  const cursor = byId("cursor"), dot = byId("dot"), scrubber = byId("scrubber");
  let step = 0, timer = 0, here = items[0];

  function show(wanted) {
    step = Math.max(0, Math.min(count - 1, wanted));
    const scene = sceneAfter(step);
    const change = log.changes[step]; // none where the run was stopped
    const acting = change ? change[0] : -1;
    const time = items[step].firstChild.textContent;
    byId("said").replaceChildren(...items[step].lastChild.cloneNode(true).childNodes);
    byId("where").textContent = `step ${number(step + 1)} of ${number(count)}${time ? ` · ${time}` : ""}`;
    scrubber.value = step;
    scrubber.setAttribute("aria-valuetext", `step ${step + 1}: ${byId("said").textContent}`);
    byId("first").disabled = byId("back").disabled = step === 0;
    byId("last").disabled = byId("forward").disabled = step === count - 1;
    point(step);
    byId("primitives").replaceChildren(...primitiveRows(scene, change ? change[3] : -1));
    byId("threads").replaceChildren(...threadRows(scene, acting));
    const row = byId("threads").querySelector(".acts");
    if (row) within(row.closest(".box"), row);
    markLines(scene, acting);
    byId("printed").textContent = printedBy(scene.prints) || "nothing";
    const output = byId("printed").closest(".box");
    output.scrollTop = output.scrollHeight;
    here.classList.remove("here");
    here = items[step];
    here.classList.add("here");
  }

  function halt() {
    clearTimeout(timer);
    timer = 0;
    root.classList.remove("playing");
    byId("said").setAttribute("aria-live", "polite");
    byId("play").setAttribute("aria-label", "Play");
    byId("play").title = "Play (space)";
  }

  function go() {
    if (step === count - 1) show(0);
    root.classList.add("playing");
    byId("said").setAttribute("aria-live", "off"); // a screen reader could not follow
    byId("play").setAttribute("aria-label", "Pause");
    byId("play").title = "Pause (space)";
    const tick = () => {
      const pause = Number(byId("speed").value) || Math.max(50, 20000 / count);
      const stride = Number(byId("speed").value) ? 1 : Math.max(1, Math.round(count * pause / 20000));
      timer = setTimeout(() => {
        show(step + stride);
        if (step === count - 1) halt();
        else tick();
      }, pause);
    };
    tick();
  }

  const toggle = () => (timer ? halt() : go());
  const jump = wanted => { halt(); show(wanted); };

  // ---- what moves it

  byId("first").onclick = () => jump(0);
  byId("back").onclick = () => jump(step - 1);
  byId("play").onclick = toggle;
  byId("forward").onclick = () => jump(step + 1);
  byId("last").onclick = () => jump(count - 1);
  scrubber.oninput = () => jump(Number(scrubber.value));
  for (const button of byId("nexts").children) {
    const { mark } = button.dataset;
    button.hidden = !log.marked.includes(mark); // in this run there is none
    button.onclick = () => {
      const found = log.marked.indexOf(mark, step + 1);
      halt();
      if (found >= 0) show(found);
      else byId("said").textContent = "There is none after this step.";
    };
  }
  byId("nexts").hidden = !/[1-3]/.test(log.marked);
  byId("steps").onclick = event => {
    const item = event.target.closest("li");
    if (item) jump(items.indexOf(item));
  };
  svg.addEventListener("mousedown", event => event.preventDefault()); // the arrow keys stay those of the steps
  const keys = {
    ArrowRight: () => jump(step + 1),
    ArrowLeft: () => jump(step - 1),
    Home: () => jump(0),
    End: () => jump(count - 1),
    " ": toggle,
  };
  document.addEventListener("keydown", event => {
    const at = event.target.tagName;
    if (event.ctrlKey || event.altKey || event.metaKey || at === "SELECT" || !(event.key in keys)) return;
    if (event.key === " " && (at === "BUTTON" || at === "SUMMARY")) return; // presses that button, opens that fold
    event.preventDefault();
    keys[event.key]();
  });

  // ---- light or dark; in a notebook: the colours of the page around

  const night = window.matchMedia("(prefers-color-scheme: dark)");
  function shade() {
    root.classList.toggle("dark", root.style.colorScheme ? root.style.colorScheme === "dark" : night.matches);
  }
  night.addEventListener("change", shade);

  function surroundings() {
    try {
      for (let outer = window.frameElement; outer; outer = outer.parentElement) {
        const [r, g, b, a = 1] = outer.ownerDocument.defaultView.getComputedStyle(outer).backgroundColor.match(/[\d.]+/g).map(Number);
        if (a > 0.5) {
          root.style.colorScheme = 0.3 * r + 0.6 * g + 0.1 * b < 128 ? "dark" : "light";
          shade();
          return;
        }
      }
    } catch { /* a frame of another origin keeps its colours to itself */ }
  }
  if (window.parent !== window) {
    root.classList.add("framed");
    surroundings();
    try { // as high as the page: what the frame was given is an estimate, for fonts differ
      const frame = window.frameElement, main = document.querySelector("main");
      const fit = () => { frame.style.height = window.innerWidth < 1200 ? `${Math.ceil(main.offsetHeight)}px` : ""; };
      new ResizeObserver(fit).observe(main);
      window.addEventListener("resize", fit);
    } catch { /* the same */ }
    try {
      const watch = new MutationObserver(() => requestAnimationFrame(surroundings));
      watch.observe(window.parent.document.body, { attributes: true });
    } catch { /* the same */ }
  }

  byId("all").open = false; // of a long run, to lay out every step would take seconds
  root.classList.add("ready");
  window.addEventListener("beforeprint", () => { byId("all").open = true; });
  byId("controls").hidden = false;
  shade();
  fit();
  new ResizeObserver(fit).observe(paper);
  // Widths and heights that no step changes: nothing jumps.
  byId("where").style.minWidth = `${`step ${number(count)} of ${number(count)} · ${items[count - 1].firstChild.textContent}`.length}ch`;
  byId("people").style.setProperty("--rows", `${log.threads.length <= FEW ? log.threads.length + 1 : 9}`);
  scrubber.max = count - 1;
  show(location.hash ? Number(location.hash.slice(1)) - 1 || 0 : log.start);
})();
