import { chosenName, faultGroups } from '../faults.ts'
import { behaviours, historyBehaviour, loadHistoryBehaviour, setHistoryBehaviour } from '../history-server.ts'
import { useEffect } from 'preact/hooks'
import { Choice } from './choice.tsx'
import { SidePanel } from './side-panel.tsx'

/** Lets a visitor break things: the next answers, the history server, or all of it by hand. */
export function FaultPanel() {
  useEffect(() => void loadHistoryBehaviour(), [])
  return (
    <SidePanel title="Faults" testid="fault-menu">
      <p class="panel-lead">Choose what goes wrong, send a message, and watch what happens.</p>
      <fieldset class="panel-group" data-testid="history-behaviour">
        <legend>History server</legend>
        {behaviours.map(({ name, title, description }) => (
          <Choice
            key={name}
            group="history"
            name={name}
            title={title}
            description={description}
            checked={historyBehaviour.value === name}
            onChoose={() => void setHistoryBehaviour(name)}
          />
        ))}
      </fieldset>
      <section class="panel-group by-hand" aria-label="Stop the server by hand">
        <h3>Stop the server by hand</h3>
        <p>
          Press <kbd>Ctrl</kbd> <kbd>C</kbd> where <code>npm run demo</code> runs and send a message. It waits
          in the outbox. Start the server again and see it arrive.
        </p>
      </section>
      {faultGroups.map(({ title, presets }) => (
        <fieldset class="panel-group" key={title}>
          <legend>{title}</legend>
          {presets.map((preset) => (
            <Choice
              key={preset.name}
              group="fault"
              name={preset.name}
              title={preset.title}
              description={preset.description}
              checked={chosenName.value === preset.name}
              onChoose={() => (chosenName.value = preset.name)}
            />
          ))}
        </fieldset>
      ))}
    </SidePanel>
  )
}
