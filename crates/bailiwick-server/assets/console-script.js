// What a page cannot do without a script. Everything here is an addition: forms and links work without it.
"use strict";

// Buttons that only a script can serve are hidden until there is one.
function unhide(root) {
  for (const button of root.querySelectorAll("[data-reveal], [data-copy], [data-add-row]")) button.hidden = false;
}

// A password is shown while its owner checks it, and hidden again before it is sent, so that nothing remembers it as text.
function toggleReveal(button) {
  const input = document.getElementById(button.dataset.reveal);
  const isShown = input.type === "password";
  input.type = isShown ? "text" : "password";
  button.textContent = isShown ? "Hide" : "Show";
  button.setAttribute("aria-pressed", String(isShown));
  input.focus();
}

async function copy(button) {
  const input = document.getElementById(button.dataset.copy);
  const words = document.querySelector("[data-copied]");
  input.select();
  try {
    await navigator.clipboard.writeText(input.value);
    words.textContent = "Copied.";
  } catch {
    words.textContent = "Press Ctrl+C to copy the selected text.";
  }
}

function addRow(button) {
  const rows = button.form.querySelectorAll("[data-access-row]");
  const last = rows[rows.length - 1];
  const row = last.cloneNode(true);
  for (const control of row.querySelectorAll("select, input")) control.value = "";
  last.after(row);
  row.querySelector("select").focus();
}

// A permission that another ticked one implies is ticked and locked; the server adds it whatever the page says.
function lockImplied(form) {
  const boxes = [...form.querySelectorAll("input[data-implies]")];
  const implied = new Set();
  for (const box of boxes) {
    if (box.checked && !box.dataset.locked) for (const name of box.dataset.implies.split(" ")) implied.add(name);
  }
  for (const box of boxes) {
    const isImplied = implied.has(box.value);
    if (isImplied && !box.dataset.locked) {
      box.dataset.own = String(box.checked);
      box.dataset.locked = "true";
      box.checked = true;
    } else if (!isImplied && box.dataset.locked) {
      box.checked = box.dataset.own === "true";
      delete box.dataset.locked;
    }
    box.setAttribute("aria-disabled", String(isImplied));
    box.closest("label").classList.toggle("is-locked", isImplied);
  }
}

document.addEventListener("click", (event) => {
  const target = event.target;
  const button = target.closest("button");
  if (button?.dataset.reveal) toggleReveal(button);
  if (button?.dataset.copy) copy(button);
  if (button && "addRow" in button.dataset) addRow(button);
  if (target.matches("input[data-locked]")) event.preventDefault();
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(target)) menu.open = false;
  }
});

document.addEventListener("change", (event) => {
  const form = event.target.form;
  if (form?.matches("[data-permissions]")) lockImplied(form);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

document.addEventListener("submit", (event) => {
  for (const input of event.target.querySelectorAll("input[autocomplete*=password]")) input.type = "password";
});

document.addEventListener("focusin", (event) => {
  if (event.target.matches("[data-secret]")) event.target.select();
});

document.addEventListener("htmx:afterSwap", (event) => unhide(event.target));
unhide(document);
for (const form of document.querySelectorAll("[data-permissions]")) lockImplied(form);
