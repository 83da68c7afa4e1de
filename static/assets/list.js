// What script adds to a list: it is filtered while someone types, and the rows of
// webhooks have menus.
(() => {
  "use strict";

  // liveFilters shows what a filter finds while someone types. The form stays an
  // address of its own.
  function liveFilters() {
    for (const form of document.querySelectorAll("form[data-live]")) {
      const found = document.getElementById(form.dataset.live);
      let timer, newest;
      const show = async () => {
        const asked = newest = new AbortController();
        const address = new URL(form.getAttribute("action"), location);
        address.search = new URLSearchParams(new FormData(form));
        try {
          const answer = await fetch(address, { signal: asked.signal });
          const page = new DOMParser().parseFromString(await answer.text(), "text/html");
          const now = page.getElementById(found.id);
          if (asked !== newest) return;
          if (!now) throw new Error("another page");
          found.replaceChildren(...now.childNodes);
          for (const link of document.querySelectorAll("[data-with-filter]")) link.href = page.querySelector("[data-with-filter]").href;
          history.replaceState(null, "", address);
          rowActions(found);
          document.dispatchEvent(new Event("redrawn"));
          document.getElementById("live").textContent = found.querySelector(".tally span, .empty h2, .pages span")?.textContent;
        } catch (failure) {
          if (failure.name !== "AbortError") form.submit();
        }
      };
      const soon = (pause) => () => {
        clearTimeout(timer);
        newest?.abort();
        timer = setTimeout(show, pause);
      };
      form.addEventListener("input", ({ target }) => soon(target.matches("select") ? 0 : 250)());
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        soon(0)();
      });
    }
  }

  // The actions of a webhook are in a menu of its row. Without script, a link
  // unfolds them. All paths are relative to the list.
  function rowActions(root = document) {
    for (const link of root.querySelectorAll("a.acts")) {
      const row = link.closest("li");
      const at = row.querySelector("h2 a").getAttribute("href");
      const query = `?webhook=${at.replace(/.*\//, "")}`;
      const menu = made("details", "menu acts", made("summary", "", "⋯"), made("ul", "pop pop-end"));
      menu.name = "row";
      menu.firstChild.ariaLabel = `Actions for ${row.querySelector("h2 a").textContent}`;
      const add = (text, href) => {
        const action = made("a", "", text);
        action.setAttribute("href", href);
        menu.lastChild.append(made("li", "", action));
      };
      const locked = row.matches(".locked");
      if (!locked) add("Edit", `${at}/edit`);
      add("Name", `${at}/label`);
      add("Check the endpoint", `checks/new${query}`);
      add("Deliveries", `events${query}`);
      if (!locked) add("Delete", `${at}/delete`);
      link.replaceWith(menu);
    }
  }

  // A page about many shops follows what visits read. It leaves alone what someone
  // has opened, or has the focus in.
  function followVisits() {
    const found = document.querySelector("[data-follow]");
    if (!found) return;
    const parts = [document.getElementById("counts"), found];
    const isBusy = () => parts.some((part) => part.contains(document.activeElement) || part.querySelector("details[open]"));
    let isLate = false, stream;
    const show = async () => {
      isLate = isBusy();
      if (isLate) return;
      const at = location.href;
      const answer = await fetch(at);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      isLate = at !== location.href; // someone has filtered since
      if (isLate) return;
      if (!page.getElementById(found.id)) return stream.close();
      for (const part of parts) {
        if (!isBusy()) part.replaceChildren(...page.getElementById(part.id).childNodes);
      }
      found.dataset.follow = page.getElementById(found.id).dataset.follow;
      document.dispatchEvent(new Event("redrawn"));
    };
    // Its address says what the page shows. A hidden page needs none of the few
    // connections that a browser has.
    const follow = () => {
      stream?.close();
      if (document.hidden) return;
      stream = new EventSource(found.dataset.follow);
      stream.addEventListener("visited", () => show().catch(() => { isLate = true; }));
      stream.addEventListener("error", ({ target }) => {
        const pause = target.readyState === EventSource.CLOSED ? 30000 : 3000; // refused, perhaps while it restarts
        target.close();
        setTimeout(() => { if (target === stream) follow(); }, pause);
      });
    };
    document.addEventListener("visibilitychange", follow);
    follow();
    setInterval(() => { if (isLate) show().catch(() => {}); }, 3000);
  }

  function made(name, className, ...children) {
    const element = document.createElement(name);
    element.className = className;
    element.append(...children);
    return element;
  }

  rowActions();
  followVisits();
  liveFilters();
})();
