/** Elements from templates of the page. Whatever is filled in is text, never markup. */

export const byId = (id) => document.getElementById(id);

/** A copy of `<template id="…">`; `texts` go to the elements marked with `data-text`. */
export function copyOf(id, texts = {}) {
  const element = byId(id).content.firstElementChild.cloneNode(true);
  fill(element, texts);
  return element;
}

export function fill(element, texts) {
  for (const [name, text] of Object.entries(texts)) {
    for (const place of partsOf(element, "text", name)) place.textContent = text ?? "";
  }
}

export const part = (element, name) => partsOf(element, "part", name)[0];

function partsOf(element, kind, name) {
  const found = [...element.querySelectorAll(`[data-${kind}="${name}"]`)];
  return element.dataset[kind] === name ? [element, ...found] : found;
}

export function make(tag, { text, ...properties } = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  if (text !== undefined) element.textContent = text;
  element.append(...children);
  return element;
}

export const button = (text, onclick, className = "") => make("button", { type: "button", text, onclick, className });
