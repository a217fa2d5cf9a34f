import { parseArgs } from 'node:util'
import { checkCopy, type Outcome, putWorker } from './copy-worker.ts'

const HELP = `Usage: streamkeeper init <publicDir> [options]

Copies the ready-made worker, streamkeeper-sw.js, to the folder that your site serves at its root:
public (Vite, Next.js, Nuxt), static (SvelteKit), or whatever yours is.

Options:
  --check   only checks whether the copy is the installed version; exit code 1 if it is not
  --retire  writes a worker that sends all queued messages and then unregisters itself
  --force   replaces a file of that name which is not streamkeeper's, or which is the retiring worker
  --help    prints this`

/** Prints to the console. Exit codes: 0 done, 1 refused or not the installed version, 2 wrong usage. */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      check: { type: 'boolean', default: false },
      retire: { type: 'boolean', default: false },
      force: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return console.log(HELP)
  const [command, folder, ...rest] = positionals
  if (command !== 'init' || folder === undefined || rest.length > 0) {
    throw new TypeError('Expected: init <publicDir>')
  }
  if (values.check && values.retire) throw new TypeError('Expected either --check or --retire, got both')
  print(values.check ? await checkCopy(folder) : await putWorker(folder, values))
}

function print({ ok, text }: Outcome): void {
  if (ok) console.log(text)
  else {
    console.error(text)
    process.exitCode = 1
  }
}

try {
  await main()
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`)
  process.exitCode = 2
}
