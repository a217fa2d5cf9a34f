import { inspect } from '../core/testing/inspect.ts'
import { readCorpus, readCorpusBytes } from '../core/testing/corpus.ts'
import { type RecordedStream, requestOf } from '../core/testing/recorded-streams.ts'

// How recorded streams of many providers are judged, by protocol: `npm run verdicts`. The recordings are no part of
// this repository: CORPUS names their folder.

const COLUMNS = [
  'protocol',
  'streams',
  'complete',
  'truncated',
  'error in stream',
  'with output',
  'with usage',
]

const recorded = readCorpus<RecordedStream[]>('streams/index.json', [])
const judged = recorded.map((each) => {
  const { path, contentType } = requestOf(each)
  const { verdict, seen } = inspect(readCorpusBytes(`streams/${each.file}`), contentType, path)
  return { ...each, verdict, seen }
})

const rows = [...Map.groupBy(judged, ({ api }) => api)].map(([api, streams]) => {
  const count = (verdict: string) => streams.filter((each) => each.verdict === verdict).length
  const withOutput = streams.filter(({ seen }) => seen.outputs > 0).length
  const withUsage = streams.filter(({ seen }) => seen.usage).length
  return [
    api,
    streams.length,
    count('complete'),
    count('truncated'),
    count('error_in_stream'),
    withOutput,
    withUsage,
  ]
})
const lines = [COLUMNS, COLUMNS.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)
const odd = judged
  .filter(({ verdict, seen }) => verdict !== 'complete' || seen.outputs === 0)
  .map(({ file, verdict, seen }) => `- ${file}: ${verdict}${seen.outputs === 0 ? ', without output' : ''}`)
process.stdout.write(
  recorded.length > 0
    ? `${lines.join('\n')}\n\nNot complete, or without output:\n\n${odd.join('\n')}\n`
    : 'No recorded streams here: CORPUS names their folder\n',
)
