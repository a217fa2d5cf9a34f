/** `setTimeout` takes a signed 32-bit number of ms and fires immediately beyond it. */
export const MAX_TIMER_MS = 2 ** 31 - 1
