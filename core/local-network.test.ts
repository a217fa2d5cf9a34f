import { expect, test } from 'vitest'
import { nearnessOf, watchLocalNetwork } from './local-network.ts'

const PUBLIC = 'https://app.example/worker.js'
const OLLAMA = 'http://localhost:11434/v1/chat/completions'
const NAS = 'http://192.168.1.20/v1/chat/completions'

test.each([
  ['loopback', 'localhost app.localhost:8080 127.0.0.1 127.1:80 [::1]:1'],
  [
    'local',
    '10.0.0.1 172.16.0.1 172.31.9.9 192.168.0.1:11434 169.254.1.1 100.64.0.1 100.127.1.1 [fd00::1] [fe80::1] nas.local',
  ],
  [
    undefined,
    'api.openai.com 172.32.0.1 11.0.0.1 192.169.1.1 100.128.0.1 [2001:db8::1] localhost.example 10.0.0.1.example local',
  ],
])('%s: %s', (nearness, hosts) => {
  for (const host of hosts.split(' '))
    expect([host, nearnessOf(`http://${host}/v1`)]).toEqual([host, nearness])
})

test('a near host is the page’s until the person has agreed, and again when they change their mind', async () => {
  const asked = new FakePermissions({ 'loopback-network': 'prompt', 'local-network': 'granted' })
  const isLeft = watchLocalNetwork(PUBLIC, asked)
  expect([OLLAMA, NAS, 'https://api.example'].map(isLeft)).toEqual([true, true, false])
  await asked.replied()
  expect([OLLAMA, NAS].map(isLeft)).toEqual([true, false])
  asked.change('loopback-network', 'granted')
  expect(isLeft(OLLAMA)).toBe(false)
  asked.change('loopback-network', 'denied')
  expect(isLeft(OLLAMA)).toBe(true)
})

test('one permission for both, as older browsers have it', async () => {
  const asked = new FakePermissions({ 'local-network-access': 'granted' })
  const isLeft = watchLocalNetwork(PUBLIC, asked)
  await asked.replied()
  expect([OLLAMA, NAS].map(isLeft)).toEqual([false, false])
})

test('browsers that do not ask are not asked', async () => {
  const asked = new FakePermissions({})
  const isLeft = watchLocalNetwork(PUBLIC, asked)
  await asked.replied()
  expect([OLLAMA, NAS].map(isLeft)).toEqual([false, false])
  expect(watchLocalNetwork(PUBLIC, undefined)(OLLAMA)).toBe(false)
})

test('a page that is near itself may reach what is near', () => {
  const asked = new FakePermissions({ 'loopback-network': 'prompt' })
  expect(watchLocalNetwork('http://localhost:8787/worker.js', asked)(OLLAMA)).toBe(false)
})

class FakePermissions implements Permissions {
  readonly #statuses: Record<string, PermissionStatus>

  constructor(states: Record<string, PermissionState>) {
    this.#statuses = Object.fromEntries(
      Object.entries(states).map(([name, state]) => [
        name,
        Object.assign(new EventTarget(), { name, state, onchange: null }) as PermissionStatus,
      ]),
    )
  }

  async query({ name }: PermissionDescriptor): Promise<PermissionStatus> {
    const status = this.#statuses[name]
    if (!status) throw new TypeError(`Unknown permission ${name}`)
    return status
  }

  change(name: string, state: PermissionState): void {
    const status = this.#statuses[name]
    if (!status) throw new Error(`No permission ${name}`)
    Object.assign(status, { state })
    status.dispatchEvent(new Event('change'))
  }

  replied(): Promise<void> {
    return new Promise((done) => setTimeout(done))
  }
}
