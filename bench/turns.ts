/** The same, begun elsewhere each round: what the machine does meanwhile meets them all alike. */
export function inTurn<Each>(all: readonly Each[], round: number): Each[] {
  const first = round % all.length
  return [...all.slice(first), ...all.slice(0, first)]
}
