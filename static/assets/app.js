// What script adds to pages that work without it: copy buttons, times in the
// reader's zone, menus that close, and a picker that answers at once.
(() => {
  "use strict";

  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const live = document.getElementById("live");
  const say = (text) => {
    live.textContent = "";
    // Assistive technology reads a region only when it changes.
    requestAnimationFrame(() => { live.textContent = text; });
  };
  const plural = (n, one, many) => `${n} ${n === 1 ? one : many}`;

  function copyButtons() {
    if (!navigator.clipboard) return;
    for (const button of all("[data-copy]")) {
      button.hidden = false;
      button.addEventListener("click", () => copy(button));
    }
  }

  async function copy(button) {
    try {
      await navigator.clipboard.writeText(button.closest(".copyable").querySelector("code").textContent);
    } catch {
      say("The browser did not allow copying.");
      return;
    }
    say("Copied.");
    button.classList.add("done");
    setTimeout(() => button.classList.remove("done"), 1600);
  }

  function localTimes() {
    const near = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
    for (const time of all("time[datetime]")) {
      const at = new Date(time.dateTime);
      if (isNaN(at)) continue;
      time.title = time.dateTime;
      time.textContent = near.format(at);
    }
  }

  function closingMenus() {
    const close = (menu) => { menu.open = false; };
    document.addEventListener("click", (event) => {
      all(".menu[open]").filter((menu) => !menu.contains(event.target)).forEach(close);
    });
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      for (const menu of all(".menu[open]")) {
        if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
        close(menu);
      }
    });
  }

  class Picker {
    constructor(form) {
      this.form = form;
      this.boxes = all("input[name=allowedTypes]", form);
      this.groups = all(".group", form);
      this.undo = form.querySelector(".undo");
      this.chosen = form.querySelector(".chosen");
      this.item = form.querySelector("#chosen-item").content.firstElementChild;
      this.rows = this.boxes.map((box) => {
        const row = box.closest(".type");
        return { box, row, text: Picker.searchable(row.textContent) };
      });
      this.takeUndo();
      form.addEventListener("change", (event) => this.changed(event));
      form.addEventListener("click", (event) => this.pressed(event));
      form.addEventListener("submit", (event) => this.submitted(event));
      this.search();
      // The browser puts ticks back after this script has run.
      addEventListener("pageshow", () => this.recount());
      this.recount();
    }

    // Codes are found with spaces as well as with underscores.
    static searchable(text) {
      return (text + " " + text.replaceAll("_", " ")).toLowerCase();
    }

    get ticked() { return this.boxes.filter((box) => box.checked); }

    changed(event) {
      if (event.target.name !== "allowedTypes") return;
      this.undo.hidden = true;
      this.recount();
    }

    pressed(event) {
      const remove = event.target.closest(".remove");
      if (remove) return this.remove(remove);
      const button = event.target.closest("button[name=do]");
      if (!button || button.value === "create") return;
      if (button.value === "undo") {
        if (!this.before) return;
        this.restore();
      } else {
        this.bulk(button);
      }
      event.preventDefault();
    }

    bulk(button) {
      const before = new Set(this.ticked);
      const name = button.textContent.replace(/[\s\d]*event types$/, "").trim();
      if (button.dataset.types !== undefined) {
        const wanted = new Set(button.dataset.types.split(" "));
        for (const box of this.boxes) box.checked ||= wanted.has(box.value);
      } else {
        const group = button.closest(".group");
        const boxes = group ? this.boxes.filter((box) => group.contains(box)) : this.boxes;
        for (const box of boxes) box.checked = button.value.endsWith("all");
      }
      const now = this.ticked;
      const added = now.filter((box) => !before.has(box)).length;
      const taken = before.size + added - now.length;
      this.recount();
      if (!added && !taken) {
        this.tell(`${name}: nothing to change.`);
        this.undo.hidden = true;
        return;
      }
      this.before = before;
      this.tell(`${name}: ${plural(added || taken, "event type", "event types")} ${added ? "added" : "removed"}.`);
      this.undo.hidden = false;
    }

    tell(text) {
      this.undo.querySelector(".undo-text").textContent = text;
      say(text);
    }

    restore() {
      for (const box of this.boxes) box.checked = this.before.has(box);
      this.before = null;
      this.undo.hidden = true;
      this.recount();
      say("Undone. " + this.sentence());
      this.form.querySelector(".presets button").focus();
    }

    // What the server offers to undo was redrawn without script.
    takeUndo() {
      if (this.undo.hidden) return;
      const codes = new Set(all("input[name=undo]", this.undo).map((input) => input.value));
      this.before = new Set(this.boxes.filter((box) => codes.has(box.value)));
    }

    remove(button) {
      const index = all(".remove", this.chosen).indexOf(button);
      this.ticked[index].checked = false;
      this.undo.hidden = true;
      this.recount();
      say("Removed. " + this.sentence());
      const left = all(".remove", this.chosen);
      (left[Math.min(index, left.length - 1)] ?? this.form.querySelector(".summary h2")).focus();
    }

    sentence() {
      return `${this.ticked.length} of ${this.boxes.length} event types.`;
    }

    recount() {
      const ticked = this.ticked;
      this.form.querySelector(".summary-count b").textContent = ticked.length;
      this.form.querySelector(".chosen-none").hidden = ticked.length > 0;
      for (const group of this.groups) {
        const boxes = all("input[name=allowedTypes]", group);
        const on = boxes.filter((box) => box.checked).length;
        group.querySelector(".group-count").textContent = `${on} of ${boxes.length}`;
      }
      this.chosen.replaceChildren(...ticked.map((box) => this.chip(box)));
    }

    chip(box) {
      const item = this.item.cloneNode(true);
      const name = box.closest(".type").querySelector(".type-name").textContent;
      item.querySelector("span").textContent = name;
      item.querySelector("button").setAttribute("aria-label", `Remove ${name}`);
      return item;
    }

    search() {
      const box = this.form.querySelector(".search");
      const input = box.querySelector("input");
      box.hidden = false;
      input.addEventListener("input", () => this.filter(input.value));
      input.addEventListener("keydown", (event) => {
        if (event.key === "Enter") event.preventDefault();
        if (event.key === "Escape" && input.value) {
          input.value = "";
          this.filter("");
          event.preventDefault();
        }
      });
      addEventListener("pageshow", () => this.filter(input.value));
    }

    filter(query) {
      const words = query.toLowerCase().split(/\s+/).filter(Boolean);
      let found = 0;
      for (const { row, text } of this.rows) {
        row.hidden = !words.every((word) => text.includes(word));
        if (!row.hidden) found++;
      }
      for (const group of this.groups) {
        const some = all(".type:not([hidden])", group).length > 0;
        group.hidden = !some;
        if (words.length && some) group.open = true;
      }
      const sentence = words.length ? plural(found, "found", "found") : "";
      this.form.querySelector(".found").textContent = sentence;
      this.form.querySelector(".nothing-found").hidden = found > 0;
      if (words.length) say(found ? plural(found, "event type found.", "event types found.") : "No event type found.");
    }

    submitted(event) {
      const button = this.form.querySelector(".summary .main");
      button.classList.add("busy");
      say("Creating the webhook.");
      addEventListener("pageshow", () => button.classList.remove("busy"), { once: true });
    }
  }

  copyButtons();
  localTimes();
  closingMenus();
  for (const form of all("form[data-picker]")) new Picker(form);
})();
