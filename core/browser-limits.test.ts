import { expect, test } from 'vitest'
import { browserLimits } from './browser-limits.ts'

const AGENTS = {
  firefox: 'Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0',
  'firefox on Android': 'Mozilla/5.0 (Android 15; Mobile; rv:153.0) Gecko/153.0 Firefox/153.0',
  'firefox on iOS':
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/153.0 Mobile/15E148 Safari/605.1.15',
  safari:
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15',
  chrome:
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
  'headless chrome':
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36',
  'chrome on iOS':
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/156.0 Mobile/15E148 Safari/604.1',
}

test('browserLimits() knows Firefox’s engine, and takes no other for it', () => {
  const hides = (agent?: string) => browserLimits(agent).hidesHeaders
  expect(Object.entries(AGENTS).map(([name, agent]) => [name, hides(agent)])).toEqual([
    ['firefox', true],
    ['firefox on Android', true],
    ['firefox on iOS', false],
    ['safari', false],
    ['chrome', false],
    ['headless chrome', false],
    ['chrome on iOS', false],
  ])
  expect([hides(), hides('Node.js/24')]).toEqual([false, false])
})

test('browserLimits() knows which engines deliver requests in another order, and when', () => {
  const reorders = (agent?: string) => browserLimits(agent).reorders
  expect(Object.entries(AGENTS).map(([name, agent]) => [name, reorders(agent)])).toEqual([
    ['firefox', 'starting'],
    ['firefox on Android', 'starting'],
    ['firefox on iOS', false],
    ['safari', false],
    ['chrome', 'dying'],
    ['headless chrome', 'dying'],
    ['chrome on iOS', false],
  ])
  expect(reorders()).toBe(false)
})
