import { expect, test } from 'vitest'
import { plot } from './plot.ts'

const points = [
  { series: 'one', x: 1, y: 10 },
  { series: 'one', x: 10, y: 20 },
  { series: 'two', x: 1, y: 30 },
  { series: 'two', x: 10, y: 5 },
]

test.each(['lines', 'bars'] as const)(
  'plot() draws %s of every series, with title, axes and legend',
  async (kind) => {
    const svg = await plot({
      kind,
      title: 'A title',
      x: { title: 'so far' },
      y: { title: 'so high, ms' },
      points,
    })
    for (const text of ['A title', 'so far', 'so high, ms', 'one', 'two']) expect(svg).toContain(`>${text}<`)
    expect(svg).toContain('#0072b2')
    expect(svg).toContain('#e69f00')
  },
)
