// What script adds to pages that work without it: copy buttons, times in the
// reader's zone, menus that close, a check that is followed, and a picker that
// answers at once.
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

  function copyButtons() {
    if (!navigator.clipboard) return;
    for (const button of all("[data-copy]")) {
      button.hidden = false;
      button.addEventListener("click", () => copy(button));
    }
  }

  // What stands on the page by number is copied as it came where asked for.
  function shownText(button) {
    const code = button.closest(".copyable").querySelector("code").cloneNode(true);
    for (const mark of button.dataset.copy === "exact" ? all(".ctl", code) : []) {
      const [, number] = /^U\+(\w+)$/.exec(mark.textContent) ?? [];
      if (number) mark.textContent = String.fromCodePoint(parseInt(number, 16));
    }
    return code.textContent;
  }

  async function copy(button) {
    try {
      await navigator.clipboard.writeText(shownText(button));
    } catch {
      say("The browser did not allow copying.");
      return;
    }
    say("Copied.");
    const { href } = button.querySelector("use");
    const look = (done) => {
      button.classList.toggle("done", done);
      href.baseVal = href.baseVal.replace(/#.*/, done ? "#check" : "#copy");
    };
    look(true);
    setTimeout(look, 1600, false);
  }

  const shown = document.documentElement.dataset;

  function localTimes() {
    if (shown.times === "utc") return;
    const near = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
    const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium", hourCycle: "h23" });
    const hour = new Intl.DateTimeFormat(undefined, { timeStyle: "short", hourCycle: "h23" });
    for (const tick of all("[data-at]")) tick.textContent = hour.format(new Date(tick.dataset.at * 36e5));
    for (const time of all("time[datetime]:not(.moment)")) {
      const at = new Date(time.dateTime);
      if (isNaN(at)) continue;
      if (time.matches(".clock")) {
        time.textContent = clock.format(at);
        continue;
      }
      const exact = document.createElement("span");
      exact.className = "vh";
      exact.textContent = `, exactly ${time.title}`;
      time.replaceChildren(time.matches(".ago") ? time.firstChild.textContent : near.format(at), exact);
    }
  }

  // The server groups a log by days in UTC. Here they are the reader's.
  function localDays() {
    const days = all(".day");
    if (!days.length || shown.times === "utc") return;
    const date = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
    const names = { 0: "Today, ", 1: "Yesterday, " };
    const midnight = (at) => new Date(at).setHours(0, 0, 0, 0);
    const groups = new Map();
    for (const row of all(".day li")) {
      const day = midnight(row.querySelector("time").dateTime);
      if (!groups.has(day)) groups.set(day, []);
      groups.get(day).push(row);
    }
    days[0].parentElement.replaceChildren(...[...groups].map(([day, rows]) => {
      const name = names[Math.round((midnight(Date.now()) - day) / 864e5)] ?? "";
      const heading = document.createElement("h2");
      heading.textContent = name + date.format(day);
      return element("section", "day", heading, element("ol", "", ...rows));
    }));
  }

  // Empty fields of a filter stay out of its address.
  function shortAddresses() {
    for (const form of all("form.filter")) {
      form.addEventListener("formdata", ({ formData }) => {
        for (const [name, value] of [...formData]) if (!value) formData.delete(name);
      });
    }
  }

  // What was just done, and has not got the focus.
  function untold() {
    const told = all(".flash:not([autofocus])").map(words);
    if (told.length) say(told.join(" "));
  }

  // An answer can take some seconds.
  function busyButtons() {
    for (const form of all("form.after, form[data-busy]")) {
      const button = form.querySelector(".button:not(.offers *)");
      form.addEventListener("submit", () => {
        button.classList.add("busy");
        say("One moment.");
      });
      addEventListener("pageshow", () => button.classList.remove("busy"));
    }
  }

  // The page of a check that runs fills itself, and is drawn anew at the end.
  function followedCheck() {
    for (const field of all("input[name=follow]")) field.value = "1";
    const progress = document.querySelector("[data-stream]");
    if (!progress) return;
    const link = document.querySelector(".check-follow");
    const stream = new EventSource(progress.dataset.stream);
    link.hidden = true;
    stream.addEventListener("report", ({ data }) => {
      progress.replaceChildren(...new DOMParser().parseFromString(data, "text/html").body.childNodes);
      const now = progress.querySelector(".check-now")?.textContent;
      if (now) say(now);
    });
    stream.addEventListener("done", () => {
      stream.close();
      location.reload();
    });
    stream.addEventListener("error", () => {
      stream.close();
      link.hidden = false;
      say("The check goes on, but its progress is not shown here any more.");
    });
  }

  // Notes on a URL come when someone has stopped typing, or has left the field.
  function urlNotes() {
    const notes = document.querySelector("[data-notes]");
    const field = document.getElementById("url");
    if (!notes) return;
    let timer, newest;
    const show = async () => {
      const asked = newest = new AbortController();
      const body = new URLSearchParams({ url: field.value });
      if (document.activeElement === field) body.set("typing", "1");
      try {
        const answer = await fetch(notes.dataset.notes, { method: "POST", body, signal: asked.signal });
        const text = await answer.text();
        if (!answer.ok || asked !== newest) return;
        const before = notes.textContent;
        notes.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
        if (notes.textContent !== before) say(words(notes));
      } catch { /* The server says it when the form is sent. */ }
    };
    const soon = (pause) => () => {
      clearTimeout(timer);
      newest?.abort();
      timer = setTimeout(show, pause);
    };
    field.addEventListener("input", soon(800));
    field.addEventListener("change", soon(200));
    notes.addEventListener("click", (event) => {
      const button = event.target.closest("[data-value]");
      if (!button) return;
      event.preventDefault();
      field.value = button.dataset.value;
      field.focus();
      soon(0)();
    });
  }

  // The first shops that match are below the field while someone types.
  function findShop() {
    const form = document.querySelector(".find");
    if (!form) return;
    const field = form.querySelector("input");
    const found = form.nextElementSibling;
    let newest;
    field.addEventListener("input", async () => {
      const asked = newest = {};
      try {
        const answer = await fetch(`${form.dataset.find}?${new URLSearchParams({ q: field.value })}`);
        const text = await answer.text();
        if (!answer.ok || asked !== newest) return;
        found.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
        const count = found.querySelector("p");
        if (count) say(words(count));
      } catch { /* Enter sends the form. */ }
    });
    field.addEventListener("keydown", (event) => {
      const first = form.parentElement.querySelector("a");
      if (event.key !== "ArrowDown" || !first) return;
      event.preventDefault();
      first.focus();
    });
    form.closest("details").addEventListener("toggle", ({ target }) => target.open && field.focus());
  }

  function focusSearch() {
    const menu = document.querySelector(".switcher");
    const field = all("main [type=search]").find((field) => field.checkVisibility());
    if (field) field.select();
    else if (menu) menu.open = true;
  }

  function shortcuts() {
    let after = -1500;
    document.addEventListener("keydown", (event) => {
      const { key, target, timeStamp } = event;
      if (shown.keys === "off" || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
      if (event.defaultPrevented || target.closest("input, select, textarea")) return;
      const goes = timeStamp - after < 1500 && document.querySelector(`[data-go="${CSS.escape(key)}"]`);
      after = key === "g" ? timeStamp : -1500;
      if (goes) location.assign(goes.href);
      else if (key === "/") focusSearch();
      else if (key === "?") open(`${document.querySelector("[data-go=h]")}#keys`);
      else return;
      event.preventDefault();
    });
  }

  function closingMenus() {
    const menus = ".menu[open], .confirm[open]";
    const close = (menu) => { menu.open = false; };
    document.addEventListener("click", (event) => {
      all(menus).filter((menu) => !menu.contains(event.target)).forEach(close);
    });
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      for (const menu of all(menus)) {
        if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
        close(menu);
      }
    });
  }

  // A double click can begin on the page before, which it sends away. Its
  // second half is no click on this page, and leaves the focus where it is.
  function secondHalves() {
    let began = false;
    const drop = (event) => {
      if (event.detail < 2) began = true;
      if (began) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    };
    for (const type of ["mousedown", "click"]) addEventListener(type, drop, true);
    // It may have come before this script, and taken the focus to nothing in
    // particular. The browser sets the focus before the next frame.
    const wanted = document.querySelector("[autofocus]");
    requestAnimationFrame(() => {
      if (wanted && !location.hash && document.activeElement?.contains(wanted)) wanted.focus();
    });
  }

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

  secondHalves();
  copyButtons();
  localTimes();
  localDays();
  document.addEventListener("redrawn", localTimes);
  shortAddresses();
  untold();
  urlNotes();
  closingMenus();
  findShop();
  shortcuts();
  busyButtons();
  followedCheck();
  for (const form of all("form[data-picker]")) new Picker(form);
})();
