import { parse, View } from 'vega'
import { compile, type TopLevelSpec } from 'vega-lite'

/** One number of one series; `x` a value where lines are drawn, a name where bars are. */
export interface Point {
  series: string
  x: number | string
  y: number
}

export interface Axis {
  title: string
  /** Default linear. */
  scale?: 'log'
  /** Least and greatest. */
  domain?: [number, number]
  ticks?: readonly number[]
}

export interface Plot {
  kind: 'lines' | 'bars'
  title: string
  subtitle?: string
  x: Axis
  y: Axis
  points: readonly Point[]
  /** Of bars: names stand on the left, for long ones. */
  horizontal?: boolean
  width?: number
  height?: number
}

/** Okabe and Ito's colours, which the colour-blind can tell apart, darkest first. */
const COLOURS = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#000000', '#56b4e9', '#d55e00']
/** And for those who print without colour. */
const DASHES = [
  [1, 0],
  [6, 3],
  [2, 2],
  [8, 3, 2, 3],
  [1, 0],
  [4, 4],
  [1, 3],
]

/** Draws series as lines or as bars side by side, on white, with a legend; gives an SVG. Names keep their order. */
export async function plot({
  kind,
  title,
  subtitle,
  x,
  y,
  points,
  horizontal = false,
  ...size
}: Plot): Promise<string> {
  const series = [...new Set(points.map((point) => point.series))]
  const names = [...new Set(points.map((point) => point.x))]
  const axis = ({ title, ticks }: Axis) => ({ title, ...(ticks ? { values: [...ticks] } : {}), format: '~r' })
  const scale = ({ scale, domain }: Axis) => ({
    ...(scale ? { type: scale, nice: false } : {}),
    ...(domain ? { domain, clamp: true } : {}),
  })
  const colour = {
    field: 'series',
    type: 'nominal',
    sort: series,
    scale: { domain: series, range: COLOURS.slice(0, series.length) },
    legend: { title: null },
  }
  const spec = {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    background: 'white',
    padding: 16,
    width: size.width ?? 720,
    height: size.height ?? 380,
    title: { text: title, subtitle: subtitle ?? '', anchor: 'start', offset: 12 },
    data: { values: [...points] },
    config: {
      font: 'DejaVu Sans, Helvetica, Arial, sans-serif',
      axis: { labelFontSize: 12, titleFontSize: 13, titleFontWeight: 'normal', gridColor: '#e5e5e5' },
      legend: {
        labelFontSize: 13,
        labelLimit: 0,
        orient: 'bottom',
        symbolStrokeWidth: 3,
        symbolSize: 200,
        columns: 3,
      },
      title: { fontSize: 16, subtitleFontSize: 12, subtitleColor: '#555555' },
      view: { stroke: null },
    },
    ...(kind === 'lines'
      ? {
          mark: { type: 'line', strokeWidth: 2.5, interpolate: 'monotone' },
          encoding: {
            x: { field: 'x', type: 'quantitative', axis: axis(x), scale: scale(x) },
            y: { field: 'y', type: 'quantitative', axis: axis(y), scale: scale(y) },
            color: colour,
            strokeDash: {
              field: 'series',
              type: 'nominal',
              sort: series,
              scale: { domain: series, range: DASHES.slice(0, series.length) },
              legend: { title: null },
            },
          },
        }
      : {
          mark: { type: 'bar' },
          encoding: {
            [horizontal ? 'y' : 'x']: {
              field: 'x',
              type: 'nominal',
              sort: names,
              axis: { title: x.title || null, labelAngle: 0, labelLimit: 0, tickSize: 0, labelPadding: 6 },
              scale: { paddingInner: 0.3, paddingOuter: 0.15 },
            },
            [horizontal ? 'yOffset' : 'xOffset']: { field: 'series', type: 'nominal', sort: series },
            [horizontal ? 'x' : 'y']: { field: 'y', type: 'quantitative', axis: axis(y), scale: scale(y) },
            color: colour,
          },
        }),
  }
  const { spec: compiled } = compile(spec as TopLevelSpec)
  return new View(parse(compiled), { renderer: 'none' }).toSVG()
}
