/** The newest bytes of a stream, in memory: all that are not stored yet, and some that are. */
export interface Tail {
  /** Adds bytes that nobody else has. */
  push: (bytes: Uint8Array<ArrayBuffer>) => void
  /** Bytes in all, including those that are no longer here. */
  length: () => number
  /** The position of the first byte that is not stored. */
  savedTo: () => number
  /** The first bytes that are not stored. */
  unsaved: (maxBytes: number) => Uint8Array
  /** This many more are stored; below 0: fewer, because the store has lost some that are still here. */
  saved: (count: number) => void
  /** A copy of the bytes from that position; `undefined` if they are no longer here. */
  read: (from: number, maxBytes: number) => Uint8Array | undefined
}

/** @param keptBytes how many are kept even after they are stored */
export function createTail(keptBytes: number): Tail {
  const pieces: { from: number; bytes: Uint8Array }[] = []
  let length = 0
  let savedTo = 0

  return {
    push: (bytes) => {
      if (bytes.length === 0) return
      pieces.push({ from: length, bytes })
      length += bytes.length
    },
    length: () => length,
    savedTo: () => savedTo,
    unsaved: (maxBytes) => {
      const bytes = new Uint8Array(Math.min(maxBytes, length - savedTo))
      for (let index = pieceAt(savedTo), filled = 0; filled < bytes.length; index++) {
        const part = from(index, savedTo + filled).subarray(0, bytes.length - filled)
        bytes.set(part, filled)
        filled += part.length
      }
      return bytes
    },
    saved: (count) => {
      savedTo += count
      const keepFrom = Math.min(savedTo, length - keptBytes)
      let gone = 0
      while (pieces[gone] && end(gone) <= keepFrom) gone++
      pieces.splice(0, gone)
    },
    read: (position, maxBytes) => {
      if (position >= length) return new Uint8Array()
      if (position < (pieces[0]?.from ?? length)) return undefined
      return from(pieceAt(position), position).slice(0, maxBytes)
    },
  }

  function end(index: number): number {
    const piece = pieces[index]
    return piece ? piece.from + piece.bytes.length : length
  }

  /** The piece that contains this position. */
  function pieceAt(position: number): number {
    let low = 0
    let high = pieces.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (end(middle) <= position) low = middle + 1
      else high = middle
    }
    return low
  }

  function from(index: number, position: number): Uint8Array {
    const piece = pieces[index]
    return piece ? piece.bytes.subarray(position - piece.from) : new Uint8Array()
  }
}
