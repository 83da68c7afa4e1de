// Names on the button how many webhooks are chosen, and says so in the form. The
// server asks again if the two differ.
(() => {
  "use strict";

  const form = document.querySelector("form.disconnect");
  const button = form.querySelector("[data-many]");
  const show = () => {
    const n = form.querySelectorAll("[name=webhook]:checked").length;
    form.elements.count.value = n;
    const { none, one, many } = button.dataset;
    button.textContent = n === 0 ? none : n === 1 ? one : many.replace("#", n);
  };
  form.addEventListener("change", show);
  addEventListener("pageshow", show);
})();
