// Paints a picture that was laid out elsewhere: boxes, lines, marks and words with their places. It lays out nothing.
"use strict";
const semalab = {};
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const make = (name, attributes) => {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };
  const ink = colour => (colour[0] === "#" ? `var(--ink-${colour.slice(1)}, ${colour})` : `var(--ink-${colour}, ${colour})`);

  // One position of a file of facts, by names. window: the part of its time axis that is shown, in grains, if not all.
  function position(facts, number, window) {
    const [standing, sentence, printed, description, note, width, height, left, right, begin, end, grain, unit, first,
      pitch, rows, strips, things] = facts.positions[number];
    const words = facts.words, [from, to] = window ?? [begin, end];
    return {
      standing: words[standing], sentence: words[sentence], printed: words[printed], description: words[description],
      note: words[note], width, height, left, right, begin, end, grain, unit: words[unit], first: first / 10,
      pitch: pitch / 10, rows: rows.map(row => words[row]),
      strips: strips.map(([name, top, bottom]) => ({ name: words[name], top, bottom })), things, from, to, part: Boolean(window),
      x: time => left + (time - from) * (right - left) / (to - from),
      time: x => from + (x - left) * (to - from) / (right - left),
    };
  }

  // Hatches are drawn once a page: the lines of a tile, in tenths of a point.
  const TILES = [
    [60, "M-5 5L5 -5M0 60L60 0M55 65L65 55"], [60, "M-5 55L5 65M0 0L60 60M55 -5L65 5"],
    [80, "M-5 5L5 -5M0 80L80 0M75 85L85 75M-5 75L5 85M0 0L80 80M75 -5L85 5"], [30, "M0 15H30"], [30, "M15 0V30"], [40, "M20 0V40M0 20H40"],
  ];
  function hatch(onto, number, colour) {
    const svg = onto.closest("svg"), id = `hatch-${number}-${colour.slice(1)}-${svg.dataset.name}`;
    if (!svg.querySelector(`#${id}`)) {
      const [size, lines] = TILES[number];
      const pattern = make("pattern", { id, width: size, height: size, patternUnits: "userSpaceOnUse" });
      const path = make("path", { d: lines, "stroke-width": 7, fill: "none" });
      path.style.stroke = ink(colour);
      pattern.append(path);
      svg.append(pattern);
    }
    return `url(#${id})`;
  }

  const near = number => Math.round(number * 10) / 10;

  // Both corners of each. The numbers stand in four columns: the first corner from the first one before it (of lines,
  // across, from where that ended), the second from the first.
  function pairs(numbers, follow) {
    const found = [], count = numbers.length / 4;
    let x = 0, y = 0;
    for (let at = 0; at < count; at++) {
      x += numbers[at];
      y += numbers[count + at];
      const right = x + numbers[2 * count + at];
      found.push([x, y, right, y + numbers[3 * count + at]]);
      if (follow) x = right;
    }
    return found;
  }

  function points(numbers) {
    const found = [], count = numbers.length / 2;
    let x = 0, y = 0;
    for (let at = 0; at < count; at++) found.push([x += numbers[at], y += numbers[count + at]]);
    return found;
  }

  const FORMS = {
    boxes(numbers, x) {
      let path = "";
      for (const [begin, top, end, bottom] of pairs(numbers)) {
        const left = near(x(begin));
        path += `M${left} ${bottom}H${near(x(end))}V${top}H${left}Z`;
      }
      return path;
    },
    area(numbers, x) {
      let path = "";
      for (let at = 0; at < numbers.length;) {
        const until = at + 1 + 2 * Math.abs(numbers[at]), closed = numbers[at] > 0;
        let time = 0, top = 0;
        for (let corner = at + 1; corner < until; corner += 2) {
          path += `${corner === at + 1 ? "M" : "L"}${near(x(time += numbers[corner]))} ${top += numbers[corner + 1]}`;
        }
        if (closed) path += "Z";
        at = until;
      }
      return path;
    },
    lines(numbers, x) {
      let path = "";
      for (const [begin, top, end, bottom] of pairs(numbers, true)) path += `M${near(x(begin))} ${top}L${near(x(end))} ${bottom}`;
      return path;
    },
    path(numbers, x) {
      let path = "";
      points(numbers).forEach(([time, top], n) => { path += `${n ? "L" : "M"}${near(x(time))} ${top}`; });
      return path;
    },
    marks(numbers, x, look) {
      let path = "";
      for (const [time, top] of points(numbers)) {
        const left = near(x(time)), r = look.radius, c = look.cross;
        if (r) path += `M${left - r} ${top}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`;
        else if (c) path += `M${left - c} ${top - c}l${2 * c} ${2 * c}M${left - c} ${top + c}l${2 * c} ${-2 * c}`;
        else path += look.corners.map(([dx, dy], n) => `${n ? "L" : "M"}${near(left + dx)} ${near(top + dy)}`).join("") + "Z";
      }
      return path;
    },
  };

  function paintPath(svg, form, kind, look, d) {
    const path = make("path", { d, class: kind });
    path.style.fill = look.fill && look.fill !== "none" ? ink(look.fill) : "none";
    if (look.line && look.width) {
      path.style.stroke = ink(look.line);
      path.style.strokeWidth = look.width;
      if (look.dash) path.style.strokeDasharray = look.dash.join(" ");
      if (look.round) path.style.strokeLinejoin = "round";
    }
    svg.append(path);
    if (look.hatch !== undefined) {
      const lines = make("path", { d, fill: hatch(svg, look.hatch, look.line) });
      svg.append(lines);
    }
  }

  function letters(svg, kind, look, left, base, said) {
    const text = make("text", {
      x: left, y: base, "font-size": look.size, "text-anchor": ["start", "middle", "end"][look.align], class: kind,
    });
    if (look.bold) text.setAttribute("font-weight", "bold");
    text.style.fill = ink(look.fill);
    text.textContent = said;
    svg.append(text);
  }

  function paintWords(svg, kind, look, numbers, words, place) {
    const plot = place.first - place.pitch / 2 - 210; // and the band above the rows
    for (let at = 0; at < numbers.length; at += 3) {
      const [left, base, word] = numbers.slice(at, at + 3);
      const onPlot = left > place.left + 1 && base > plot && kind !== "strip heading" && kind !== "axis label";
      if (!place.part || !onPlot) letters(svg, kind, look, left, base, words[word]);
      else if (kind === "tick label" && !place.ticked) {
        place.ticked = true;
        ticks(place).forEach(([x, said], n) => {
          paintPath(svg, "lines", "tick", place.tick, `M${x} ${base - 130}V${base - 90}`);
          letters(svg, kind, look, x, base, n || place.unit === "event" ? said : `${said} ${place.unit}`);
        });
      }
    }
  }

  // Of a part of the axis: round places, and what stands below them.
  function ticks(place) {
    const span = (place.to - place.from) / place.grain, rough = span / 7, power = 10 ** Math.floor(Math.log10(rough));
    let step = [1, 2, 5, 10].map(times => times * power).find(one => one >= rough * 0.999);
    if (place.unit === "event") step = Math.max(1, step);
    const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9)), found = [];
    for (let n = Math.ceil(place.from / place.grain / step - 1e-9); n * step <= place.to / place.grain; n++) {
      const said = (n * step).toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
      found.push([near(place.x(n * step * place.grain)), said]);
    }
    return found;
  }

  function paintPixels(svg, numbers, x, words) {
    const [left, right, top, bottom, word] = numbers;
    svg.append(make("image", {
      x: near(x(left)), y: top, width: near(x(right) - x(left)), height: bottom - top, preserveAspectRatio: "none",
      href: `data:image/png;base64,${words[word]}`,
    }));
  }

  // The picture of a position, or a window of it, into an <svg>; its name tells its hatches from those of others.
  function paint(svg, facts, number, window) {
    const place = position(facts, number, window);
    svg.replaceChildren();
    svg.setAttribute("viewBox", `0 0 ${place.width} ${place.height}`);
    const paper = make("rect", { x: 0, y: 0, width: place.width, height: place.height, class: "paper" });
    svg.append(paper);
    let plot = svg;
    if (window) { // what lies outside is cut off
      const clip = make("clipPath", { id: `window-${svg.dataset.name}` });
      clip.append(make("rect", { x: place.left, y: 0, width: place.right - place.left, height: place.height }));
      plot = make("g", { "clip-path": `url(#window-${svg.dataset.name})` });
      svg.append(clip, plot);
    }
    const same = at => at, off = 300; // what lies far outside is moved near: Chromium does not dash very long lines
    const within = window ? time => Math.min(place.right + off, Math.max(place.left - off, place.x(time))) : place.x;
    for (const [look, ...numbers] of place.things) {
      const [form, on, kind, style] = facts.looks[look];
      const [x, onto] = on === "plot" ? [within, plot] : [same, svg];
      if (window && kind === "tick") place.tick = style; // they are made anew with their labels
      if (window && (kind === "tick" || kind === "rung")) continue;
      if (form === "words") paintWords(svg, kind, style, numbers, facts.words, place);
      else if (form === "pixels") paintPixels(onto, numbers, place.x, facts.words);
      else paintPath(onto, form, kind, style, FORMS[form](numbers, x, style));
    }
    return place;
  }

  // The lab's sentences mark code as Markdown does: `mutex`.
  function write(element, text) {
    element.replaceChildren(...text.split(/`([^`\n]+)`/).map((part, n) => {
      if (n % 2 === 0) return part;
      const code = document.createElement("code");
      code.textContent = part;
      return code;
    }));
  }

  Object.assign(semalab, { write, make, paint, position });
})();
