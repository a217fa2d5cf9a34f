import { profileWorker } from '../bench/bytes/profile-worker.ts'

// node scripts/size-by-part.ts: what the ready-made worker is made of.

const parts = await profileWorker()
const whole = parts.reduce((sum, { bytes }) => sum + bytes, 0)

console.log('  The worker by part, each minified by itself, not compressed:\n')
for (const { part, bytes } of parts) {
  const size = `${(bytes / 1000).toFixed(1)} kB`
  const share = `${Math.round((100 * bytes) / whole)} %`
  console.log(`  ${size.padStart(8)} ${share.padStart(5)}  ${part}`)
}
