// What script adds to the create and edit forms: event types are searched and
// counted while someone chooses them.
(() => {
  "use strict";

  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const live = document.getElementById("live");
  const say = (text) => {
    live.textContent = "";
    // Assistive technology reads a region only when it changes.
    requestAnimationFrame(() => { live.textContent = text; });
  };
  // Codes are found by their words too.
  const searchable = (text) => text.toLowerCase().replaceAll("_", " ").replace(/\s+/g, " ");
  const words = (element) => element.textContent.replace(/\s+/g, " ").trim();
  const plural = (n, one, many) => `${n} ${n === 1 ? one : many}`;

  // icon draws an icon from the file that the logo is in.
  const icon = (name) => {
    const svg = document.querySelector(".logo").cloneNode(true);
    svg.setAttribute("class", "i");
    const { href } = svg.querySelector("use");
    href.baseVal = href.baseVal.replace(/#.*/, `#${name}`);
    return svg;
  };
  const element = (name, className, ...children) => {
    const made = document.createElement(name);
    made.className = className;
    made.append(...children);
    return made;
  };

  class Picker {
    constructor(form) {
      const find = (selector) => form.querySelector(selector);
      this.boxes = all("input[name=allowedTypes]", form);
      this.groups = all(".group", form);
      this.rows = all(".type", form).map((row) => ({ row, text: searchable(row.textContent + row.querySelector("input").value) }));
      this.panel = find(".summary");
      this.count = find(".summary-count");
      this.chosen = find(".chosen");
      this.chosen.removeAttribute("tabindex");
      this.noneChosen = find(".chosen-none");
      this.main = find(".summary .main");
      this.undo = find("button[value=undo]");
      this.none = find("button[value=none]");
      this.presets = all("[data-types]", form);
      this.found = find(".found");
      this.nothing = find(".nothing-found");
      this.input = find(".search input");
      this.takeOverUndo(form);
      this.listen(form);
      find(".search").hidden = false;
      this.refresh();
    }

    listen(form) {
      form.addEventListener("change", (event) => this.ticked(event));
      form.addEventListener("click", (event) => this.pressed(event));
      form.addEventListener("submit", ({ submitter }) => this.sent(submitter));
      this.input.addEventListener("input", () => this.search(true));
      this.input.addEventListener("keydown", (event) => this.typed(event));
      form.addEventListener("keydown", (event) => this.left(event));
      // Browsers put ticks and text back after this script has run.
      addEventListener("pageshow", () => this.refresh());
    }

    // After a redraw without script, the server says what there is to undo.
    takeOverUndo(form) {
      if (this.undo.hidden) return;
      const codes = new Set(all("input[name=undo]", form).map((input) => input.value));
      this.before = this.boxes.filter((box) => codes.has(box.value));
    }

    refresh() {
      for (const button of all(".busy", this.main.form)) button.classList.remove("busy");
      this.recount();
      this.search(false);
    }

    get on() { return this.boxes.filter((box) => box.checked); }

    ticked(event) {
      if (event.target.name !== "allowedTypes") return;
      this.undo.hidden = true;
      this.recount();
    }

    pressed(event) {
      const button = event.target.closest(".remove, .tri, [data-types], [value=undo], [value=none]");
      if (!button) return;
      event.preventDefault();
      if (button.matches(".remove")) this.remove(button);
      else if (button === this.undo) this.restore();
      else this.change(button);
    }

    // change does what a preset, "all" or "none" says.
    change(button) {
      const before = this.on;
      const types = button.dataset.types?.split(" ");
      const within = button.closest(".group") ?? button.form;
      const off = button.getAttribute("aria-pressed") === "true";
      for (const box of this.boxes) {
        if (types ? types.includes(box.value) : within.contains(box)) box.checked = !off && button !== this.none;
      }
      this.recount();
      const difference = this.on.length - before.length;
      const name = types ? button.firstChild.textContent.trim() : words(button);
      if (!difference) {
        say(`${name}: nothing to change.`);
        return;
      }
      this.before = before;
      this.undo.hidden = false;
      say(`${name}: ${plural(Math.abs(difference), "event type", "event types")} ${difference > 0 ? "added" : "removed"}. ${this.count.textContent}.`);
    }

    restore() {
      for (const box of this.boxes) box.checked = this.before.includes(box);
      this.undo.hidden = true;
      this.recount();
      this.panel.focus({ preventScroll: true });
      say(`Undone. ${this.count.textContent}.`);
    }

    remove(button) {
      const index = all(".remove", this.chosen).indexOf(button);
      this.on[index].checked = false;
      this.undo.hidden = true;
      this.recount();
      (all(".remove", this.chosen)[index] ?? this.panel).focus({ preventScroll: true });
      say(`Removed. ${this.count.textContent}.`);
    }

    recount() {
      const on = this.on;
      this.count.querySelector("b").textContent = on.length;
      this.noneChosen.textContent = on.length ? "" : this.noneChosen.dataset.text;
      for (const group of this.groups) {
        const boxes = this.boxes.filter((box) => group.contains(box));
        const ticked = boxes.filter((box) => box.checked).length;
        group.querySelector(".group-count").textContent = `${ticked} of ${boxes.length}`;
        this.mark(group, ticked, boxes.length);
      }
      this.none.hidden = !on.length;
      const codes = new Set(on.map((box) => box.value));
      for (const preset of this.presets) {
        const isOn = preset.dataset.types.split(" ").every((code) => codes.has(code));
        preset.setAttribute("aria-pressed", isOn);
        preset.value = preset.value.replace(/^[^:]+/, isOn ? "preset-off" : "preset");
      }
      this.chosen.replaceChildren(...on.map((box) => this.chipFor(box)));
    }

    // mark shows at the button "All" whether all, some or none are ticked.
    mark(part, ticked, total) {
      const button = part.querySelector(".tri");
      button.setAttribute("aria-pressed", ticked === total ? "true" : ticked ? "mixed" : "false");
      button.value = button.value.replace(/\w+$/, ticked === total ? "off" : "all");
    }

    chipFor(box) {
      const name = this.nameOf(box);
      const button = element("button", "remove", icon("close"));
      button.type = "button";
      button.setAttribute("aria-label", `Remove ${name}`);
      return element("li", "", element("span", "", name), button);
    }

    // Enter would send the form: it ticks the only one that was found, or leads
    // to the first of several. Escape leads back.
    typed(event) {
      const { key } = event;
      if (key === "Escape") {
        this.input.value = "";
        this.search(true);
      }
      if (key !== "Enter" && key !== "ArrowDown") return;
      event.preventDefault();
      const found = this.boxes.filter((box) => !box.closest(".type").hidden);
      if (key === "Enter" && found.length === 1) this.turn(found[0]);
      else found[0]?.focus();
    }

    // turn ticks a box, or unticks it, and makes ready for the next word.
    turn(box) {
      box.checked = !box.checked;
      this.undo.hidden = true;
      this.recount();
      this.search(false);
      this.input.select();
      say(`${this.nameOf(box)}: ${box.checked ? "ticked" : "not ticked"}. ${this.count.textContent}.`);
    }

    nameOf(box) { return words(box.parentElement); }

    left({ key, target }) {
      if (key !== "Escape" || target.name !== "allowedTypes") return;
      this.input.focus();
      this.input.select();
    }

    search(aloud) {
      const parts = searchable(this.input.value).split(" ").filter(Boolean);
      let found = 0;
      for (const { row, text } of this.rows) {
        row.hidden = !parts.every((part) => text.includes(part));
        if (!row.hidden) found++;
      }
      for (const group of this.groups) {
        group.hidden = !group.querySelector(".type:not([hidden])");
      }
      this.nothing.textContent = found ? "" : this.nothing.dataset.text;
      const only = this.boxes.find((box) => !box.closest(".type").hidden);
      const enter = found > 1 ? "Enter leads to them." : found ? `Enter ${only.checked ? "unticks" : "ticks"} it.` : "";
      this.found.textContent = parts.length ? found === 1 ? enter : `${found} found` : "";
      if (aloud && parts.length) say(`${plural(found, "event type", "event types")} found. ${enter}`);
    }

    // An answer can take some seconds.
    sent(submitter) {
      const button = submitter?.matches("[value=examine], .offers *, .fold *") ? submitter : this.main;
      button.classList.add("busy");
      say(button.value === "create" ? "Creating the webhook." : "One moment.");
    }
  }

  for (const form of all("form[data-picker]")) new Picker(form);
})();
