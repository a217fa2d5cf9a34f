import { describeEmptyOutbox } from '../../ui/index.ts'
import { protection } from '../page/keeper.ts'
import { outboxItems, sendAllNow, type OutboxItem } from '../chat/outbox.ts'
import { Icon } from './icon.tsx'
import { OutboxEntryView } from './outbox-entry.tsx'
import { SidePanel } from './side-panel.tsx'

/** The messages that have not reached the history server yet, and what can be done with each. */
export function OutboxPanel() {
  const items = outboxItems.value
  const stuck = items.filter(needsHelp)
  const moving = items.filter((item) => !needsHelp(item))
  return (
    <SidePanel
      title="Outbox"
      testid="outbox-panel"
      actions={
        moving.length > 0 && (
          <button type="button" class="button" data-testid="outbox-flush" onClick={() => void sendAllNow()}>
            Send all now
          </button>
        )
      }
    >
      {items.length === 0 && <Empty />}
      <Group title="Needs you" items={stuck} />
      <Group title="On the way" items={moving} />
    </SidePanel>
  )
}

function needsHelp({ state }: OutboxItem): boolean {
  return state === 'dead' || state === 'needs_auth'
}

function Group({ title, items }: { title: string; items: readonly OutboxItem[] }) {
  if (items.length === 0) return null
  return (
    <section class="panel-group" aria-label={title}>
      <h3>{title}</h3>
      <ul class="outbox-list">
        {items.map((item) => (
          <OutboxEntryView key={item.id} item={item} />
        ))}
      </ul>
    </section>
  )
}

function Empty() {
  const { state, counts } = protection.value
  const words = describeEmptyOutbox(state, { ...(counts && { counts }) })
  if (words === '') return null
  return (
    <div class="panel-empty" data-testid="outbox-empty">
      <Icon name={state === 'controlling' ? 'check' : 'outbox'} size={28} />
      <p>{words}</p>
    </div>
  )
}
