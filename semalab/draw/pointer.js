// Answers who points at a painted picture, by mouse, finger or keys: says what is there, follows a thread, zooms.
"use strict";
(() => {
  const { make } = semalab;
  const WAIT = 0, HOLD = 1, SLEEP = 2, JOIN = 3, OPEN = 4, LEFT = 8; // as in drawing.py
  const FEW = 6; // names that are listed, at most

  // What was told of a picture, by names. Times are in grains of the place, spans in order of their beginnings.
  function unfolded(told, place) {
    const [scale, names, lines, numbers, given, levels, verbs, marked] = told, text = new Map(lines);
    const grains = time => (scale ? time / scale : time) * place.grain;
    // Rows that were written column by column; the fourth number a time from the one before it, the fifth from the fourth.
    const rows = (columns, wide) => {
      const count = columns.length / wide;
      let time = 0;
      return Array.from({ length: count }, (_, row) => {
        const found = Array.from({ length: wide }, (_, column) => columns[column * count + row]);
        time += found[3];
        return [...found.slice(0, 3), grains(time), grains(time + found[4]), ...found.slice(5)];
      });
    };
    const spans = rows(numbers, 7).map(([kind, row, name, begin, end, first, last]) => ({ kind: kind & 3,
      open: Boolean(kind & OPEN), left: Boolean(kind & LEFT), row, name: names[name], begin, end, first, last }));
    const handovers = rows(given, 7).map(([row, other, name, begin, end, line, put]) => ({ row, other, name: names[name], begin, end, line, put }));
    const moments = rows(marked, 6).map(([row, name, verb, begin, , line]) => ({ row, name: names[name], verb: verbs[verb], begin, end: begin, line }));
    const strips = new Map(levels.map(([name, ...columns]) => {
      const count = columns.length / 2;
      let time = 0, value = 0;
      return [names[name], Array.from({ length: count }, (_, at) => [grains(time += columns[at]), value += columns[count + at]]).flat()];
    }));
    return { spans, handovers, moments, strips, text };
  }

  // ---- in words

  function moment(grains, place) {
    const at = grains / place.grain;
    if (place.unit === "event") return `event ${Math.round(at).toLocaleString("en-US")}`;
    const digits = at === 0 ? 0 : Math.min(20, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(at)))));
    const text = at.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
    return `${text.includes(".") ? text.replace(/0+$/, "").replace(/\.$/, "") : text} ${place.unit}`;
  }

  const lasting = (grains, place) => (place.unit === "event" ? `${Math.round(grains / place.grain)} events` : moment(grains, place));

  const listed = names => (names.length > FEW + 1 ? `${names.slice(0, FEW).join(", ")} and ${names.length - FEW} more`
    : [names.slice(0, -1).join(", "), names[names.length - 1]].filter(Boolean).join(" and "));

  function inLines(first, last, known) {
    if (!first) return "";
    if (last && last !== first) return ` · lines ${first} and ${last}`;
    const text = known.text.get(first)?.replaceAll("`", "'");
    return text ? ` · line ${first}: \`${text}\`` : ` · line ${first}`;
  }

  const DOES = { [WAIT]: "waits for", [HOLD]: "holds", [SLEEP]: "sleeps", [JOIN]: "waits for the end of" };

  function ofSpan(span, place, known) {
    const head = `${place.rows[span.row]} ${DOES[span.kind]}${span.name ? ` ${span.name}` : ""} from ${moment(span.begin, place)}`;
    const where = inLines(span.first, span.last, known);
    if (span.open) return `${head} on, and still does when the run ends${where}`;
    if (span.left) return `${head} on, and ends at ${moment(span.end, place)} without a release${where}`;
    return `${head} to ${moment(span.end, place)}: ${lasting(span.end - span.begin, place)}${where}`;
  }

  function ofHandover(one, place, known) {
    const [who, whom] = [place.rows[one.row], place.rows[one.other]], when = moment(one.begin, place);
    const said = one.put ? `puts an item into ${one.name} at ${when} and lets ${whom} go on` : `releases ${one.name} at ${when} and lets ${whom} in`;
    return `${who} ${said}${inLines(one.line, 0, known)}`;
  }

  const ofMoment = (one, place, known) =>
    `${place.rows[one.row]} ${one.verb}${one.name ? ` (${one.name})` : ""} at ${moment(one.begin, place)}${inLines(one.line, 0, known)}`;

  function ofStrip(name, time, place, known) {
    const steps = known.strips.get(name);
    if (!steps) return "";
    let value = steps[1];
    for (let at = 0; at < steps.length && steps[at] <= time; at += 2) value = steps[at + 1];
    const said = `${name} at ${moment(time, place)}: ${value.toLocaleString("en-US")}`;
    if (!known.spans.length) return said; // there may be too many to be told, and then who waits is not known
    const waiting = known.spans.filter(span => span.kind === WAIT && span.name === name && span.begin <= time && (time < span.end || span.open));
    const who = waiting.length ? `${listed(waiting.map(span => place.rows[span.row]))} wait${waiting.length > 1 ? "" : "s"}` : "nobody waits";
    return `${said}, ${who}`;
  }

  // ---- the picture as somebody's who points

  // svg: the picture. say: the element that says what is pointed at. asks: {pointed(call) gives call what is told of the
  // present picture, paint(window) paints it anew, go(time) goes to a moment, step(by), where there is one, so many steps
  // on; both say whether they did}.
  semalab.pointer = (svg, say, asks) => {
    let place = null, known = null, window = null, chosen = -1, at = null, from = null, key = 0;
    let pressed = false; // it has the focus by mouse or finger: arrow keys are then for the steps, if those are open
    const all = document.createElement("button");
    Object.assign(all, { type: "button", textContent: "show all", title: "the whole run (Escape)", hidden: true, className: "whole" });
    all.addEventListener("click", () => zoom(null));
    say.after(all);

    const point = event => new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    const middle = row => place.first + row * place.pitch;
    const reach = () => 12 / svg.getScreenCTM().a; // pixels of the screen

    function shown(painted) {
      place = painted;
      known = null;
      at = null;
      say.textContent = "";
      all.hidden = !window;
      if (chosen >= 0) ready(mark);
    }

    // A new picture: of all of it, and of a thread of that name if it has one.
    function fresh(painted) {
      const name = place && chosen >= 0 ? place.rows[chosen] : null;
      window = painted.part ? [painted.from, painted.to] : null;
      key++;
      chosen = name === null ? -1 : painted.rows.indexOf(name);
      shown(painted);
    }

    // The picture is about to be another one: until it is known nothing is told of it.
    function hold() {
      key++;
      known = at = from = null;
      say.textContent = "";
      for (const old of svg.querySelectorAll(".ring, .followed, .range")) old.remove();
    }

    function ready(call) {
      if (!place) return;
      if (known) {
        call();
        return;
      }
      const asked = key;
      asks.pointed(told => {
        if (asked !== key) return;
        known ??= unfolded(told, place);
        call();
      });
    }

    function zoom(to) {
      window = to && [Math.max(place.begin, Math.min(...to)), Math.min(place.end, Math.max(...to))];
      if (window && window[1] - window[0] < (place.end - place.begin) / 1e5) window = null;
      shown(asks.paint(window));
    }

    // ---- what lies under a place

    function under({ x, y }) {
      const time = place.time(x);
      const strip = place.strips.find(one => one.top - 30 <= y && y <= one.bottom + 30);
      if (x < place.left) {
        const row = Math.round((y - place.first) / place.pitch);
        return row >= 0 && row < place.rows.length ? { thread: row } : null;
      }
      if (strip) return { strip: strip.name, time };
      const near = known.handovers.filter(one => Math.abs(x - place.x(one.end)) < reach()
        && (middle(one.row) - y) * (middle(one.other) - y) < 0);
      const row = Math.round((y - place.first) / place.pitch), slack = 15 * (place.to - place.from) / (place.right - place.left);
      let span = null;
      for (const one of known.spans) { // inner holds come after outer ones; the last one met lies on top
        if (one.row !== row || one.begin - slack > time || time > one.end + (one.open ? 14 : 1) * slack) continue;
        if (!span || one.kind <= HOLD || span.kind > HOLD) span = one;
      }
      const away = Math.abs(y - middle(row)) / place.pitch; // from the row: an arrow begins at a mark, and lies between rows
      const marks = known.moments.filter(one => one.row === row && Math.abs(x - place.x(one.begin)) < reach() / 2);
      if (marks.length && (away < 0.25 || !near.length)) return { mark: marks.reduce((one, other) => (Math.abs(x - place.x(one.begin)) <= Math.abs(x - place.x(other.begin)) ? one : other)) };
      const onBar = span && span.kind <= HOLD && away < 0.33;
      if (near.length && !onBar) return { handover: near[0] };
      return span ? { span } : row >= 0 && row < place.rows.length ? { thread: row, time } : null;
    }

    const same = (one, other) => (one?.span ?? one?.handover ?? one?.mark) === (other?.span ?? other?.handover ?? other?.mark)
      && one?.strip === other?.strip && one?.thread === other?.thread && one?.time === other?.time;

    function tell(found) {
      if (same(found, at)) return;
      at = found;
      mark();
      const words = !found ? "" : found.span ? ofSpan(found.span, place, known) : found.handover ? ofHandover(found.handover, place, known)
        : found.mark ? ofMoment(found.mark, place, known) : found.strip ? ofStrip(found.strip, found.time, place, known) : place.rows[found.thread];
      semalab.write(say, words);
    }

    // ---- what stands out

    function mark() {
      for (const old of svg.querySelectorAll(".ring, .followed")) old.remove();
      const draw = (name, attributes, kind) => svg.append(make(name, { ...attributes, class: kind }));
      const inside = x => Math.min(place.right, Math.max(place.left, x));
      if (chosen >= 0 && known) {
        const top = middle(chosen) - Math.max(place.pitch / 2, 20);
        draw("rect", { x: 30, y: top, width: place.right - 30, height: Math.max(place.pitch, 40) }, "followed row");
        for (const one of known.handovers) {
          if (one.row !== chosen && one.other !== chosen) continue;
          if (place.x(one.end) < place.left || place.x(one.begin) > place.right) continue;
          const [x, y] = [inside(place.x(one.end)), middle(one.other)], up = one.other < one.row ? 1 : -1;
          draw("path", { d: `M${inside(place.x(one.begin))} ${middle(one.row)}L${x} ${y}M${x - 25} ${y + 45 * up}L${x} ${y}L${x + 25} ${y + 45 * up}` }, "followed");
        }
      }
      if (at?.span) {
        const { span } = at, half = Math.max(place.pitch * 0.4, 15), left = inside(place.x(span.begin)), right = inside(place.x(span.end));
        draw("rect", { x: left - 12, y: middle(span.row) - half, width: right - left + 24, height: 2 * half }, "ring");
      } else if (at?.handover) {
        const one = at.handover;
        draw("path", { d: `M${inside(place.x(one.begin))} ${middle(one.row)}L${inside(place.x(one.end))} ${middle(one.other)}` }, "ring");
      } else if (at?.mark) {
        draw("circle", { cx: place.x(at.mark.begin), cy: middle(at.mark.row), r: Math.max(place.pitch * 0.45, 30) }, "ring");
      } else if (at?.strip) {
        const strip = place.strips.find(one => one.name === at.strip), x = place.x(at.time);
        draw("path", { d: `M${x} ${strip.top}V${strip.bottom}` }, "ring");
      }
    }

    function choose(row) {
      chosen = row === chosen ? -1 : row;
      mark();
      if (chosen < 0) return;
      if (!known.spans.length) { // as above
        semalab.write(say, place.rows[chosen]);
        return;
      }
      const its = known.handovers.filter(one => one.row === chosen || one.other === chosen);
      const [gave, got] = [its.filter(one => one.row === chosen).length, its.filter(one => one.other === chosen).length];
      const times = count => (count === 1 ? "once" : `${count.toLocaleString("en-US")} times`);
      const parts = [gave ? `lets others in ${times(gave)}` : "", got ? `is let in ${times(got)}` : ""].filter(Boolean);
      semalab.write(say, `${place.rows[chosen]} ${parts.join(" and ") || "lets nobody in, and is let in by nobody"}`);
    }

    // ---- by mouse or finger

    function range(event) {
      const box = svg.querySelector(".range") ?? svg.appendChild(make("rect", { class: "range" }));
      const inside = x => Math.min(place.right, Math.max(place.left, x));
      const [one, other] = [inside(from.x), inside(point(event).x)].sort((a, b) => a - b);
      const top = place.first - place.pitch / 2;
      for (const [name, value] of Object.entries({ x: one, y: top, width: other - one, height: Math.max(0, place.height - 380 - top) })) box.setAttribute(name, value);
      return [one, other];
    }

    const far = event => from && Math.abs(event.clientX - from.screen) > 12;

    svg.addEventListener("pointerdown", event => {
      pressed = true;
      if (!place || event.button) return;
      from = { x: point(event).x, screen: event.clientX };
      if (from.x < place.left) from.screen = NaN; // a name is no place to drag from
      svg.setPointerCapture(event.pointerId);
      ready(() => tell(under(point(event))));
    });
    svg.addEventListener("pointermove", event => {
      if (far(event)) range(event);
      else if (!from) ready(() => tell(under(point(event))));
    });
    svg.addEventListener("pointerup", event => {
      const begun = from;
      if (!begun) return;
      if (far(event)) {
        const ends = range(event);
        from = null;
        zoom(ends.map(place.time));
        return;
      }
      from = null;
      ready(() => {
        const found = under(point(event)), row = found?.thread ?? (found?.span ?? found?.mark)?.row;
        if (point(event).x >= place.left && asks.go(place.time(point(event).x))) tell(found);
        else if (row !== undefined) choose(row);
      });
    });
    svg.addEventListener("pointercancel", () => {
      from = null;
      svg.querySelector(".range")?.remove();
    });
    svg.addEventListener("pointerleave", event => {
      if (event.pointerType === "mouse" && known && !from) tell(null);
    });
    svg.addEventListener("dblclick", () => { if (window) zoom(null); });
    svg.addEventListener("blur", () => {
      pressed = false;
      if (known) tell(null);
    });

    // ---- by keys: arrows from bar to bar and mark to mark, Enter follows its thread or goes there, + and - zoom, Escape lets go

    const stops = () => [...known.spans.filter(span => span.kind <= HOLD).map(span => ({ span })), ...known.moments.map(mark => ({ mark }))]
      .map(stop => [stop, stop.span ?? stop.mark]).filter(([, it]) => !window || (it.end >= place.from && it.begin <= place.to))
      .sort(([, one], [, other]) => one.begin - other.begin).map(([stop]) => stop);

    function step(by) {
      const all_ = stops(), now = all_.findIndex(stop => at && (stop.span ?? stop.mark) === (at.span ?? at.mark));
      if (all_.length) tell(all_[(Math.max(now, by > 0 ? -1 : 0) + by + all_.length) % all_.length]);
    }

    function closer(times) {
      const half = (place.to - place.from) / times / 2;
      const it = at?.span ?? at?.mark, about = it ? (it.begin + it.end) / 2 : (place.from + place.to) / 2;
      zoom(2 * half < place.end - place.begin ? [about - half, about + half] : null);
    }

    const KEYS = {
      ArrowRight: () => step(1), ArrowDown: () => step(1), ArrowLeft: () => step(-1), ArrowUp: () => step(-1),
      "+": () => closer(2), "=": () => closer(2), "-": () => closer(0.5),
      Enter: () => {
        const it = at?.span ?? at?.mark;
        if (it && !asks.go(it.begin)) choose(it.row);
      },
      Escape: () => {
        if (chosen >= 0) choose(chosen);
        if (window) zoom(null);
        else tell(null);
      },
    };
    svg.addEventListener("keydown", event => {
      const act = KEYS[event.key];
      if (!act || !place || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      event.stopPropagation();
      const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!pressed || !by || !asks.step?.(by)) ready(act);
    });

    return { fresh, hold, get place() { return place; } };
  };

  Object.assign(semalab, { moment });
})();
