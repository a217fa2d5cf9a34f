/** An element with its attributes and children. */
export function createElement(
  tag: string,
  attributes: Record<string, string> = {},
  ...children: (Node | string)[]
): HTMLElement {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  element.append(...children)
  return element
}

/** Gives `parent` so many children, and keeps those it has. */
export function resize(parent: Element, count: number, create: () => Element): void {
  while (parent.children.length > count) parent.lastElementChild?.remove()
  while (parent.children.length < count) parent.append(create())
}

/** Numbers for the style sheet, as `--name`. By script: a policy (CSP) may forbid style attributes. */
export function place(element: Element | undefined, numbers: Record<string, number>): void {
  if (!(element instanceof HTMLElement)) return
  for (const [name, value] of Object.entries(numbers)) element.style.setProperty(`--${name}`, String(value))
}

/** Sets what is written in it, only when it differs. */
export function write(element: Element | undefined, text: string): void {
  if (element && element.textContent !== text) element.textContent = text
}

/** Sets an attribute, only when it differs. */
export function mark(element: Element | undefined, name: string, value: string): void {
  if (element?.getAttribute(name) !== value) element?.setAttribute(name, value)
}
