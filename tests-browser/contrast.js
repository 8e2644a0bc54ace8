// Contrast as WCAG 2.2 (success criteria 1.4.3 and 1.4.11) reckons it, from the styles that the browser computed.

/** Runs in the page: what is too faint on it, as lines to read. */
export function faintParts() {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const brush = canvas.getContext("2d", { willReadFrequently: true });

  // Painting one pixel understands every notation of colours that the browser does.
  const paint = (...colours) => {
    brush.clearRect(0, 0, 1, 1);
    for (const colour of colours) {
      brush.fillStyle = colour;
      brush.fillRect(0, 0, 1, 1);
    }
    return [...brush.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((value) => value / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (one, other) => {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  const backgrounds = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) layers.unshift(getComputedStyle(at).backgroundColor);
    return ["Canvas", ...layers];
  };
  const isSeen = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && element.getClientRects().length > 0;

  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let texts = 0;
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    if (!text || !isSeen(element) || element.closest(":disabled, .hidden, option")) continue;
    texts += 1;
    const style = getComputedStyle(element);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const under = backgrounds(element);
    const found = ratio(paint(...under, style.color), paint(...under));
    if (found < (isLarge ? 3 : 4.5)) faint.push(`${found.toFixed(2)} ${element.tagName} ${element.className}: ${text.slice(0, 40)}`);
  }
  for (const control of document.querySelectorAll("input:not([type=hidden], [type=checkbox], [type=radio]), select, textarea")) {
    if (!isSeen(control)) continue;
    const around = backgrounds(control.parentElement);
    const found = ratio(paint(...around, getComputedStyle(control).borderTopColor), paint(...around));
    if (found < 3) faint.push(`${found.toFixed(2)} border of ${control.name}`);
  }
  return { texts, faint };
}
