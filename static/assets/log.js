// What script adds to the log of deliveries: it shows what its filter chooses as
// soon as that changes, and follows what is new for a quarter of an hour. The
// parts of the page are replaced by those of the same page, read again.
(() => {
  "use strict";

  const pause = 5000;
  const most = 180; // looks
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const say = (text) => { document.getElementById("live").textContent = text; };
  const log = document.getElementById("log");
  const form = document.querySelector("form[data-replace]");
  const check = document.querySelector("[data-newest]");
  const turn = document.createElement("button");
  let looks = most;
  let asked;

  const isLocal = document.documentElement.dataset.times !== "utc";

  // Times are the reader's, without the day if that is today.
  function localMoments() {
    if (!isLocal) return;
    const style = { timeStyle: "medium", hourCycle: "h23" };
    const day = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
    const clock = new Intl.DateTimeFormat(undefined, style);
    const minute = new Intl.DateTimeFormat(undefined, { ...style, timeStyle: "short" });
    for (const mark of all(".utc")) mark.hidden = true;
    for (const time of all(".moment")) {
      const at = new Date(time.dateTime);
      const isToday = at.toDateString() === new Date().toDateString();
      time.textContent = (isToday ? "" : `${day.format(at)}, `) + (time.matches(".minute") ? minute : clock).format(at);
    }
  }

  // The fields for times are in the reader's zone, and the address is in UTC.
  function localFields() {
    const fields = isLocal ? all("[type=datetime-local]", form) : [];
    for (const field of fields.filter(({ value }) => value)) {
      const at = new Date(`${field.value}Z`);
      field.value = new Date(at - at.getTimezoneOffset() * 6e4).toISOString().slice(0, 16);
    }
    form.addEventListener("formdata", ({ formData }) => {
      for (const { name, value } of fields) if (value) formData.set(name, new Date(value).toISOString().slice(0, 16));
    });
  }

  const links = () => all("th a", log).map((link) => link.href);
  const switchTo = (on) => {
    looks = on ? most : 0;
    turn.setAttribute("aria-checked", on);
  };

  function replace(page) {
    const held = log.contains(document.activeElement) ? document.activeElement : null;
    for (const part of all("[data-part]")) {
      part.replaceChildren(...page.getElementById(part.id).childNodes);
    }
    Object.assign(check.dataset, page.querySelector("[data-newest]").dataset);
    turn.hidden = !check.dataset.newest;
    localMoments();
    document.dispatchEvent(new Event("redrawn"));
    all("a", log).find((link) => link.href === held?.href && link.textContent === held.textContent)?.focus();
  }

  // load shows another address of the log. A page that has other parts, such as
  // an error, is opened as a page.
  async function load(address, chosen) {
    const mine = asked = new AbortController();
    const known = links();
    let answer, page;
    try {
      answer = await fetch(address, { signal: mine.signal });
      page = new DOMParser().parseFromString(await answer.text(), "text/html");
    } catch {
      if (asked === mine) switchTo(false);
      return;
    }
    if (asked !== mine) return;
    if (!answer.ok || all("[data-part]").some(({ id }) => !page.getElementById(id))) {
      location.assign(address);
      return;
    }
    replace(page);
    history.replaceState(null, "", address);
    const count = chosen ? links().length : links().filter((link) => !known.includes(link)).length;
    const noun = count === 1 ? "delivery" : "deliveries";
    if (chosen) say(`${count} ${noun} shown.`);
    else if (count) say(`${count} new ${noun}.`);
  }

  async function look() {
    setTimeout(look, pause);
    if (!looks || turn.hidden || document.hidden || String(getSelection())) return;
    looks--;
    try {
      const answer = await fetch(check.dataset.newestHref);
      const newest = await answer.text();
      if (!answer.ok || !looks) switchTo(false);
      else if (newest !== check.dataset.newest) load(location.href);
    } catch {
      switchTo(false);
    }
  }

  function choose(event) {
    event.preventDefault();
    const query = new URLSearchParams(new FormData(form)).toString();
    load(form.action + (query && `?${query}`), true);
  }

  localMoments();
  if (form) localFields();
  if (!check) return;
  turn.type = "button";
  turn.className = "turn";
  turn.textContent = "Live";
  turn.hidden = !check.dataset.newest;
  turn.setAttribute("role", "switch");
  turn.addEventListener("click", () => {
    switchTo(!looks);
    if (looks) load(location.href);
  });
  switchTo(true);
  check.prepend(turn);
  document.getElementById("check-new")?.remove();
  setTimeout(look, pause);
  form?.addEventListener("change", choose);
  form?.addEventListener("submit", choose);
})();
