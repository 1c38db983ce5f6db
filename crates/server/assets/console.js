/* Rollcall console: the little that HTML and CSS cannot do. No dependency, no inline script (CSP: script-src 'self').
   Everything works on delegated events, so fragments swapped in by htmx need no set-up. */
(() => {
  const root = document.documentElement;
  const $$ = (sel, el = document) => [...el.querySelectorAll(sel)];
  root.classList.add("js");

  /* Menus: popovers placed under their button (top layer, so tables never clip them). */
  document.addEventListener("toggle", (e) => {
    const menu = e.target;
    if (!(menu instanceof HTMLElement) || !menu.matches(".menu[popover]")) return;
    const buttons = $$(`[popovertarget="${menu.id}"]`);
    const button = buttons.find((b) => b === document.activeElement || b === opener) ?? buttons[0];
    if (!button) return;
    button.setAttribute("aria-expanded", String(e.newState === "open"));
    if (e.newState === "open") place(menu, button);
  }, true);
  /* The menu of a row is shared by all rows: the button that was pressed says whose it is. */
  let opener = null;
  document.addEventListener("click", (e) => { opener = e.target.closest("[popovertarget]") ?? opener; }, true);
  const place = (menu, button) => {
    const b = button.getBoundingClientRect();
    const m = menu.getBoundingClientRect();
    const below = b.bottom + 4 + m.height <= innerHeight;
    const up = menu.dataset.place === "top" || !below;
    menu.style.left = `${Math.max(8, Math.min(menu.dataset.align === "start" ? b.left : b.right - m.width, innerWidth - m.width - 8))}px`;
    menu.style.top = `${up ? Math.max(8, b.top - m.height - 4) : b.bottom + 4}px`;
  };

  /* A search asks while it is typed in. That its field is left is no change: the list would be made anew under the click. */
  document.addEventListener("change", (e) => { if (e.target.matches("input[type=search]")) e.stopPropagation(); }, true);

  /* Ticked rows: how many they are, and all of the page at once. */
  document.addEventListener("change", (e) => {
    const card = e.target.closest(".table-card");
    if (!card || !e.target.matches("[data-all], .col-check input")) return;
    const rows = $$("tbody .col-check input", card);
    if (e.target.matches("[data-all]")) for (const c of rows) c.checked = e.target.checked;
    const n = rows.filter((c) => c.checked).length;
    const all = card.querySelector("[data-all]");
    if (all) { all.checked = n > 0 && n === rows.length; all.indeterminate = n > 0 && n < rows.length; }
    for (const o of $$("[data-count]", card)) o.textContent = n;
  });

  /* Dialogs: a fragment put into #dialog is opened as a modal; closing it returns to where it came from. */
  const openDialogs = () => { for (const d of $$("dialog[data-modal]:not([open])")) d.showModal(); };
  addEventListener("close", (e) => { if (e.target.matches?.("dialog[data-modal]")) e.target.remove(); }, true);

  document.addEventListener("click", async (e) => {
    const t = e.target.closest("[data-copy],[data-reveal],[data-close],[data-theme-set]");
    if (!t) return;
    if (t.dataset.copy) {
      const src = document.getElementById(t.dataset.copy);
      try { await navigator.clipboard.writeText(src.value ?? src.textContent); } catch { src.select?.(); }
      const label = t.querySelector("[data-label]");
      if (label) { const was = label.textContent; label.textContent = "Copied"; setTimeout(() => { label.textContent = was; }, 1600); }
    }
    if (t.dataset.reveal) {
      for (const id of t.dataset.reveal.split(" ")) {
        const i = document.getElementById(id);
        i.type = i.type === "password" ? "text" : "password";
        t.setAttribute("aria-pressed", String(i.type === "text"));
      }
    }
    if (t.hasAttribute("data-close")) t.closest("dialog")?.close();
    if (t.dataset.themeSet) {
      /* The server writes data-theme from this cookie. */
      const theme = t.dataset.themeSet;
      if (theme === "system") delete root.dataset.theme; else root.dataset.theme = theme;
      document.cookie = `rollcall-theme=${theme}; path=/; max-age=31536000; samesite=lax`;
    }
  });

  document.addEventListener("keydown", (e) => {
    if (e.key === " " && e.target.matches("a[role=switch]")) { e.preventDefault(); e.target.click(); }
    if (e.key === "/" && !e.target.closest("input, textarea, select, [contenteditable]")) {
      const q = document.getElementById("q") ?? document.getElementById("side-q");
      if (q) { e.preventDefault(); q.focus(); }
    }
  });

  /* Tables that turn into cards keep their roles although CSS changes their display. */
  const role = (sel, name) => { for (const e of $$(`.table-cards${sel}`)) if (!e.hasAttribute("role")) e.setAttribute("role", name); };
  const roles = () => {
    if (!matchMedia("(max-width: 56rem)").matches) return;
    role("", "table"); role(" > :is(thead, tbody)", "rowgroup"); role(" > * > tr", "row"); role(" > * > tr > td", "cell");
    role(" > thead > tr > th", "columnheader"); role(" > tbody > tr > th", "rowheader");
  };
  roles();

  /* What follows the server leaves alone what somebody is busy with, and rests while nobody looks. */
  const busy = (part) => document.hidden || part.contains(document.activeElement) || part.querySelector("details[open], tbody input:checked") || document.querySelector("dialog[open], .menu:popover-open");
  document.addEventListener("htmx:beforeRequest", (e) => {
    if (e.detail.elt.matches("[data-live]") && busy(e.detail.target)) e.preventDefault();
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) for (const part of $$("[data-live]")) htmx.trigger(part, "live");
  });
  document.addEventListener("htmx:afterSwap", (e) => {
    if (e.target.matches?.(".menu[popover]") && opener) place(e.target, opener);
    openDialogs(); roles();
  });
  openDialogs();
})();
