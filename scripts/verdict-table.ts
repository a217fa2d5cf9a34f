import { inspect } from '../core/testing/inspect.ts'
import { hasCorpus, readCorpus, readCorpusBytes } from '../core/testing/corpus.ts'
import { GENERATED_STREAMS } from '../core/testing/generated/generated-streams.ts'
import { bytesOf, type GeneratedStream } from '../core/testing/generated/stream.ts'
import { type RecordedStream, requestOf } from '../core/testing/recorded-streams.ts'

// How streams of many providers are judged, by protocol: `npm run verdicts`. They are recordings where CORPUS names their
// folder, for these are no part of this repository; else the generated ones.

const COLUMNS = [
  'protocol',
  'streams',
  'complete',
  'truncated',
  'error in stream',
  'with output',
  'with usage',
]

const judged = hasCorpus
  ? readCorpus<RecordedStream[]>('streams/index.json', []).map(judgeRecorded)
  : GENERATED_STREAMS.map(judgeGenerated)

function judgeRecorded(recorded: RecordedStream) {
  const { api, file } = recorded
  const { path, contentType } = requestOf(recorded)
  const { verdict, seen } = inspect(readCorpusBytes(`streams/${file}`), contentType, path)
  return { api, file, verdict, seen }
}

function judgeGenerated(stream: GeneratedStream) {
  const { api, name, contentType, path, headers = {} } = stream
  const { verdict, seen } = inspect(bytesOf(stream), contentType, path, [], { headers })
  return { api, file: name, verdict, seen }
}

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
  `${hasCorpus ? 'Recorded' : 'Generated'} streams\n\n${lines.join('\n')}\n\nNot complete, or without output:\n\n${odd.join('\n')}\n`,
)
