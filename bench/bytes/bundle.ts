import { build, type Rolldown } from 'vite'

/** As an app's bundler makes it, dead code left out; all that it may load, in one. */
export async function bundle(entry: string, minify: boolean): Promise<Rolldown.OutputChunk> {
  const built = await build({
    configFile: false,
    logLevel: 'error',
    publicDir: false,
    define: { 'process.env.NODE_ENV': '"production"' },
    build: {
      write: false,
      minify,
      target: 'es2022',
      rolldownOptions: {
        input: entry,
        preserveEntrySignatures: 'strict',
        output: { codeSplitting: false },
      },
    },
  })
  const [{ output } = { output: [] }] = [built].flat() as Rolldown.RolldownOutput[]
  const [script] = output
  if (script?.type !== 'chunk') throw new Error(`Cannot bundle ${entry}: there is no script`)
  return script
}
