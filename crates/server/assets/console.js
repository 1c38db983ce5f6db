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
    const button = document.querySelector(`[popovertarget="${menu.id}"]`);
    if (!button) return;
    button.setAttribute("aria-expanded", String(e.newState === "open"));
    if (e.newState !== "open") return;
    const b = button.getBoundingClientRect();
    const m = menu.getBoundingClientRect();
    const below = b.bottom + 4 + m.height <= innerHeight;
    const up = menu.dataset.place === "top" || !below;
    menu.style.left = `${Math.max(8, Math.min(menu.dataset.align === "start" ? b.left : b.right - m.width, innerWidth - m.width - 8))}px`;
    menu.style.top = `${up ? Math.max(8, b.top - m.height - 4) : b.bottom + 4}px`;
  }, true);

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
  document.addEventListener("htmx:afterSwap", () => { openDialogs(); roles(); });
  openDialogs();
})();
