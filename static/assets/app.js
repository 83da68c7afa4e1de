// What script adds to pages that work without it: copy buttons, times in the
// reader's zone, menus that close, and a check that is followed.
(() => {
  "use strict";

  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const live = document.getElementById("live");
  const say = (text) => {
    live.textContent = "";
    // Assistive technology reads a region only when it changes.
    requestAnimationFrame(() => { live.textContent = text; });
  };
  const words = (element) => element.textContent.replace(/\s+/g, " ").trim();

  const element = (name, className, ...children) => {
    const made = document.createElement(name);
    made.className = className;
    made.append(...children);
    return made;
  };

  function copyButtons() {
    if (!navigator.clipboard) return;
    for (const button of all("[data-copy][hidden]")) {
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
    let said;
    link.hidden = true;
    stream.addEventListener("report", ({ data }) => {
      progress.replaceChildren(...new DOMParser().parseFromString(data, "text/html").body.childNodes);
      localTimes();
      const now = progress.querySelector(".check-now")?.textContent;
      if (now && now !== said) say(said = now);
    });
    stream.addEventListener("done", () => {
      stream.close();
      location.reload();
    });
    stream.addEventListener("error", () => {
      stream.close();
      link.hidden = false;
      say("Progress is no longer shown here. Refresh it to see more.");
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
        const focused = document.activeElement;
        const top = focused.getBoundingClientRect().top;
        notes.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
        scrollBy(0, focused.getBoundingClientRect().top - top); // what is below does not move
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

  // The first matches are below the field while someone types.
  function finders() {
    for (const form of all(".find")) {
      const field = form.querySelector("input");
      const found = form.nextElementSibling;
      let timer, newest;
      const show = async () => {
        const asked = newest = {};
        try {
          const body = new URLSearchParams({ q: field.value });
          const answer = await fetch(form.dataset.find, { method: "POST", body });
          const text = await answer.text();
          if (!answer.ok || asked !== newest || found.contains(document.activeElement)) return;
          found.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
          const count = found.querySelector("p");
          if (count) say(words(count));
        } catch { /* Enter sends the form. */ }
      };
      field.addEventListener("input", () => {
        clearTimeout(timer);
        timer = setTimeout(show, 150);
      });
      form.parentElement.addEventListener("keydown", (event) => {
        const stops = [field, ...all("a", form.parentElement)];
        let next = stops[stops.indexOf(event.target) + ({ ArrowDown: 1, ArrowUp: -1 }[event.key] ?? NaN)];
        if (event.key === "Escape") {
          newest = found.replaceChildren();
          next = field;
        }
        next?.focus();
        if (next) event.preventDefault();
      });
      form.closest("details")?.addEventListener("toggle", ({ target }) => target.open && field.focus());
    }
  }

  function focusSearch() {
    const field = document.querySelector(".seek input");
    if (field?.checkVisibility()) {
      field.focus();
      field.select();
    } else document.querySelector(".seek-link")?.click();
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

  secondHalves();
  copyButtons();
  localTimes();
  localDays();
  for (const draw of [copyButtons, localTimes, localDays]) document.addEventListener("redrawn", draw);
  shortAddresses();
  untold();
  urlNotes();
  closingMenus();
  finders();
  shortcuts();
  busyButtons();
  followedCheck();
})();
