// Lies over a panel's picture, and answers who points at it with what the kernel has told of the picture.
function render({ model, el }) {
  const root = document.createElement("div");
  root.className = "semalab-layer";
  const svg = semalab.make("svg", { role: "img", tabindex: "0", "data-lm-suppress-shortcuts": "true", "aria-label": LABEL });
  const told = document.createElement("div"), say = document.createElement("span"), hint = document.createElement("span");
  told.className = "told";
  say.setAttribute("aria-live", "polite");
  hint.className = "hint";
  hint.textContent = "Point at a bar, a name or an arrow. A click follows a thread, a drag shows a part larger.";
  told.append(say, hint);
  root.append(svg, told);
  el.append(root);

  const pointer = semalab.pointer(svg, say, {
    pointed: call => {
      const known = model.get("told");
      if (known) call(known.pointed);
    },
    // The kernel paints: until then the picture stays, and is busy.
    paint: window => {
      const { place } = pointer;
      if (model.get("told")) {
        model.send({ window: window && window.map(time => time / place.grain) });
        svg.setAttribute("aria-busy", "true");
      }
      return place;
    },
    go: time => { // in the replay, if that is open
      const page = el.closest(".semalab-panel")?.querySelector("iframe")?.contentDocument, known = model.get("told");
      if (!page || !known) return false;
      page.dispatchEvent(new CustomEvent("semalab-go", { detail: time / pointer.place.grain * (known.pointed[0] || 1) }));
      return true;
    },
  });

  function change() {
    const known = model.get("told");
    svg.setAttribute("aria-busy", String(!known));
    if (!known) {
      pointer.hold();
      return;
    }
    const place = semalab.position(known.facts, 0);
    place.part = known.part;
    svg.setAttribute("viewBox", `0 0 ${place.width} ${place.height}`);
    svg.style.aspectRatio = `${place.width} / ${place.height}`;
    pointer.fresh(place);
  }
  model.on("change:told", change);
  change();

  // A press of another button is for the picture below: the browser's own menu copies and saves it.
  svg.addEventListener("pointerdown", event => {
    if (!event.button) return;
    svg.style.pointerEvents = "none";
    setTimeout(() => { svg.style.pointerEvents = ""; }, 500);
  });
  return () => model.off("change:told", change);
}
const LABEL = "The picture's bars, to be told what each is: arrow keys go from bar to bar, Enter follows its thread or,"
  + " where the steps are open, goes there, plus and minus zoom, Escape shows all.";
export default { render };
