// Answers a prediction with the sentences that the lab has for it.
"use strict";
(() => {
  const readers = {
    word: text => text.trim().replace(/^["']|["']$/g, "").trim().toUpperCase() || null,
    number: text => (/^[-+]?\d+(\.0*)?$/.test(text.trim()) ? Number(text) : null),
    numbers(text) {
      const parts = text.replace(/[()[\]]/g, "").split(/[,;\s]+/).filter(Boolean).map(readers.number);
      return parts.length && !parts.includes(null) ? parts : null;
    },
  };
  // As Python writes it, which is how the lab's sentences were made.
  const python = answer => (Array.isArray(answer) ? `(${answer.join(", ")}${answer.length === 1 ? "," : ""})`
    : typeof answer === "string" ? `'${answer}'` : String(answer));
  const json = answer => (Array.isArray(answer) ? `[${answer.join(", ")}]` : JSON.stringify(answer));

  for (const root of document.querySelectorAll(".question")) {
    const plan = JSON.parse(root.querySelector("script").textContent);
    const form = document.createElement("form"), input = document.createElement("input"), button = document.createElement("button");
    const said = document.createElement("p"), sign = document.createElement("span"), words = document.createElement("span");
    input.setAttribute("aria-label", `Your answer to ${plan.name}`);
    input.autocomplete = "off";
    button.textContent = "check";
    said.setAttribute("role", "status");
    sign.className = "sign";
    sign.setAttribute("aria-hidden", "true");
    said.append(sign, words);
    form.append(input, button);
    form.addEventListener("submit", event => {
      event.preventDefault();
      const text = input.value.trim(), answer = readers[plan.kind](text);
      const told = !text ? `${plan.name} is not attempted yet. Write your answer into the field.`
        : answer === null ? plan.nonsense.replace("{}", () => `'${text}'`)
          : plan.told[json(answer)] ?? plan.other.replaceAll("{}", () => python(answer));
      const standing = !text ? "" : told.startsWith("Solved") ? "right" : "wrong";
      said.dataset.standing = standing;
      sign.textContent = { right: "✓", wrong: "✗" }[standing] ?? "";
      semalab.write(words, told);
    });
    root.append(form, said);
  }
})();
