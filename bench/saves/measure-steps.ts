import type { Sender } from './open-sender.ts'

/** The browser's time for one operation that a saved message needs, without other load, ms. */
export interface Step {
  name: string
  ms: number
}

/** Measures them in a page's own hands: no worker of ours takes part. */
export async function measureSteps({ page }: Sender, times: number): Promise<Step[]> {
  await page.bringToFront()
  return page.evaluate(timeSteps, times)
}

// This runs in the page; it must stand alone.

async function timeSteps(times: number): Promise<Step[]> {
  const body = new Uint8Array(500)
  const headers = { 'X-Record': 'x'.repeat(800) }
  const entry = (id: number) => ({ id, text: 'x'.repeat(600) })
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const opening = indexedDB.open('steps', 1)
    opening.addEventListener('upgradeneeded', () => {
      opening.result.createObjectStore('entries', { keyPath: 'id' })
    })
    opening.addEventListener('success', () => resolve(opening.result))
    opening.addEventListener('error', () => reject(opening.error ?? new Error('No database')))
  })
  const transact = (work: (entries: IDBObjectStore) => void) =>
    new Promise<void>((resolve, reject) => {
      const transaction = database.transaction('entries', 'readwrite')
      transaction.addEventListener('complete', () => resolve())
      transaction.addEventListener('abort', () => reject(transaction.error ?? new Error('Aborted')))
      work(transaction.objectStore('entries'))
      transaction.commit()
    })

  const post = async (content: BodyInit) => (await fetch('/steps', { method: 'POST', body: content })).text()

  const works: [name: string, work: (id: number) => Promise<unknown>, lanes?: number][] = [
    ['IndexedDB: put', (id) => transact((entries) => entries.put(entry(id)))],
    [
      'Cache API: open, put',
      async (id) => (await caches.open('steps')).put(`/steps/${id}`, new Response(body, { headers })),
    ],
    [
      'Cache API: match, read',
      async (id) => (await caches.match(`/steps/${id}`, { cacheName: 'steps' }))?.arrayBuffer(),
    ],
    [
      'IndexedDB: get and put',
      (id) =>
        transact((entries) => {
          entries.get(id)
          entries.put(entry(id))
        }),
    ],
    ['a POST and its response', () => post(body)],
    ['the same, four at a time', () => post(body), 4],
    ['the same, the body a Blob', () => post(new Blob([body])), 4],
    ['Cache API: open, delete', async (id) => (await caches.open('steps')).delete(`/steps/${id}`)],
    [
      'IndexedDB: look and delete',
      (id) =>
        transact((entries) => {
          entries.getKey(id)
          entries.delete(id)
        }),
    ],
  ]
  const steps: Step[] = []
  for (const [name, work, lanes = 1] of works) {
    let next = 0
    const lane = async () => {
      while (next < times) await work(next++)
    }
    const startedAt = performance.now()
    await Promise.all(Array.from({ length: lanes }, lane))
    steps.push({ name, ms: (performance.now() - startedAt) / times })
  }
  database.close()
  return steps
}
