import { effect } from '@preact/signals'
import { followArriving } from '../chat/arriving.ts'
import { resumeAnswers } from '../chat/chat.ts'
import { followAddress, historyState, loadConversations, selected } from '../history/conversations.ts'
import { keeper, ready } from './keeper.ts'
import { followOutbox, refreshOutbox } from '../chat/outbox.ts'
import { followOtherDevices } from '../history/other-devices.ts'
import { followSaves } from '../chat/save.ts'
import { startSettings } from './settings.ts'
import { listenForShortcuts } from './shortcuts.ts'
import { answerAuthQuestions } from './sign-in.ts'
import { startTheme } from './theme.ts'
import { loadThread, threadOf } from '../chat/thread.ts'
import { followTimelines } from './timelines.ts'
import { followUnseen } from './unseen.ts'
import { startView } from './view.ts'

/** Everything that runs for as long as the page does. */
export function startChat(): void {
  startTheme()
  startView()
  startSettings()
  listenForShortcuts()
  followAddress()
  followOutbox()
  followSaves()
  followTimelines()
  answerAuthQuestions()
  followOtherTabs()
  followArriving()
  followUnseen()
  void load()
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) void refreshOutbox()
  })
}

async function load(): Promise<void> {
  await Promise.all([loadConversations(), location.hash ? loadThread(selected.peek()) : null])
  // The outbox can be read only now that the worker controls the page.
  await ready
  await refreshOutbox()
  if (location.hash) await loadThread(selected.peek())
  await resumeAnswers()
  followOtherDevices()
}

/** Messages that another tab sent, or that the outbox delivered after an outage, are shown here, too. */
function followOtherTabs(): void {
  effect(() => {
    keeper.value?.on('save_sent', ({ own }) => {
      const missing = historyState.peek() === 'failed' || threadOf(selected.peek()).state.peek() === 'failed'
      if (own && !missing) return
      void loadConversations()
      void loadThread(selected.peek())
    })
  })
}
