import { createElement, mark, place, resize, write } from './elements.js'

import { tellFate, tellMark, tellMs, tellName, tellRow, tellSegment, tellStory } from './timeline-words.js'

export function createRowView() {
  const name = createElement('span', { class: 'name' })
  const when = createElement('span', { class: 'when' })
  const whose = createElement('span', { class: 'whose' }, 'another tab')
  const fate = createElement('span', { class: 'fate' })
  const segments = createElement('span')
  const marks = createElement('span')
  const bar = createElement('span', { class: 'bar', role: 'img' }, segments, marks)
  const story = createElement('ol', { class: 'story' })
  const summary = createElement(
    'summary',
    {},
    createElement('span', { class: 'head' }, name, when, whose, fate),
    bar,
  )
  const item = createElement('li', {}, createElement('details', {}, summary, story))
  let drawn

  return {
    item,
    draw: (row) => {
      if (row === drawn) return
      drawn = row
      mark(item, 'data-state', row.end?.kind ?? 'open')
      mark(item, 'data-own', String(row.own))
      whose.hidden = row.own
      write(name, tellName(row))
      write(when, new Date(row.startedAt).toLocaleTimeString())
      write(fate, tellFate(row))
      mark(bar, 'aria-label', tellRow(row))
      drawSegments(segments, row)
      drawMarks(marks, row)
      drawStory(story, row)
    },
  }
}

function drawSegments(parent, { startedAt, endedAt, end, segments }) {
  const last = segments.at(-1)
  const until = !end && last && 'until' in last ? last.until : 0
  const isPlanned = until > endedAt
  resize(parent, segments.length + (isPlanned ? 1 : 0), () => createElement('span'))
  segments.forEach((segment, index) => {
    const element = parent.children[index]
    mark(element, 'data-kind', segment.kind)
    mark(element, 'title', tellSegment(segment))
    place(element, { from: segment.from - startedAt, to: segment.to - startedAt })
    mark(
      element,
      'data-attempt',
      segment.kind === 'attempt' && segment.attempt ? String(segment.attempt) : '',
    )
  })
  if (!isPlanned) return
  const rest = parent.children[segments.length]
  mark(rest, 'data-kind', 'planned')
  mark(rest, 'title', 'Still to wait')
  place(rest, { from: endedAt - startedAt, to: until - startedAt })
}

function drawMarks(parent, { startedAt, marks }) {
  resize(parent, marks.length, () => createElement('span'))
  marks.forEach((each, index) => {
    const element = parent.children[index]
    mark(element, 'data-mark', each.kind)
    mark(element, 'title', `${tellMark(each)} after ${tellMs(each.at - startedAt)}`)
    place(element, { from: each.at - startedAt })
  })
}

function drawStory(parent, row) {
  const lines = tellStory(row)
  resize(parent, lines.length, () => createElement('li', {}, createElement('span'), createElement('span')))
  lines.forEach(({ afterMs, words }, index) => {
    const [time, text] = parent.children[index]?.children ?? []
    write(time, tellMs(afterMs))
    write(text, words)
  })
}
