import type { Page as Driver } from '@playwright/test'

/** A tab in which nothing runs. */
export interface FrozenTab {
  /** Evaluates an expression in the frozen tab. */
  look: (expression: string) => Promise<unknown>
  /** Resolves when it runs again. */
  thaw: () => Promise<void>
}

/**
 * Holds a tab's page still, as browsers do with tabs that nobody looks at. (A headless Chromium takes every tab for
 * one that is looked at, and refuses `Page.setWebLifecycleState`; so its debugger must do.)
 */
export async function freezeTab(driver: Driver): Promise<FrozenTab> {
  const session = await driver.context().newCDPSession(driver)
  await session.send('Debugger.enable')
  const paused = new Promise<string>((resolve) => {
    session.once('Debugger.paused', ({ callFrames }) => resolve(callFrames[0]?.callFrameId ?? ''))
  })
  const pausing = session.send('Runtime.evaluate', { expression: 'debugger' })
  const callFrameId = await paused
  return {
    look: async (expression) => {
      const { result } = await session.send('Debugger.evaluateOnCallFrame', { callFrameId, expression })
      return result.value
    },
    thaw: async () => {
      await session.send('Debugger.resume')
      await pausing
      await session.detach()
    },
  }
}
