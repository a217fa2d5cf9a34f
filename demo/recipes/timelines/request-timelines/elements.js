/** An element with its attributes and children. */
export function createElement(tag, attributes = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  element.append(...children)
  return element
}

/** Gives `parent` so many children, and keeps those it has. */
export function resize(parent, count, create) {
  while (parent.children.length > count) parent.lastElementChild?.remove()
  while (parent.children.length < count) parent.append(create())
}

/** Numbers for the style sheet, as `--name`. By script: a policy (CSP) may forbid style attributes. */
export function place(element, numbers) {
  if (!(element instanceof HTMLElement)) return
  for (const [name, value] of Object.entries(numbers)) element.style.setProperty(`--${name}`, String(value))
}

/** Sets what is written in it, only when it differs. */
export function write(element, text) {
  if (element && element.textContent !== text) element.textContent = text
}

/** Sets an attribute, only when it differs. */
export function mark(element, name, value) {
  if (element?.getAttribute(name) !== value) element?.setAttribute(name, value)
}
