// The implicit sign-in hands the access over in the fragment of this page's
// address. It leaves the address bar before anything else happens, and goes
// to our own server in the body of a form; it is written nowhere else.
(() => {
  "use strict";
  const answer = new URLSearchParams(location.hash.slice(1));
  history.replaceState(null, "", location.pathname);

  const known = ["access_token", "error", "state"];
  document.addEventListener("DOMContentLoaded", () => {
    const status = document.getElementById("implicit-status");
    if (!known.some((name) => answer.has(name))) {
      status.textContent = status.dataset.nothing;
      const way = document.getElementById("implicit-way");
      const link = document.createElement("a");
      link.className = "button main";
      link.href = way.dataset.href;
      link.textContent = "Connect a shop";
      way.append(link);
      return;
    }
    status.textContent = status.dataset.wait;
    const form = document.getElementById("implicit");
    const fields = form.querySelectorAll("input");
    for (const field of fields) field.value = answer.get(field.name) ?? "";
    form.submit();
    // The browser has taken what it sends; the page may live on in its cache.
    for (const field of fields) field.value = "";
  });
})();
