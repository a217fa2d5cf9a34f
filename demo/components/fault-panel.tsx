import { chosenName, faultGroups } from '../chat/faults.ts'
import { historyMode, historyModes, loadHistoryMode, setHistoryMode } from '../history/history-server.ts'
import { useEffect } from 'preact/hooks'
import { Choice } from './choice.tsx'
import { Segments } from './segments.tsx'
import { SidePanel } from './side-panel.tsx'

/** Lets a visitor break things: the next answers, the history server, or all of it by hand. */
export function FaultPanel() {
  useEffect(() => void loadHistoryMode(), [])
  return (
    <SidePanel title="Faults" testid="fault-menu">
      <p class="panel-lead">Choose what goes wrong, then send a message and watch.</p>
      <div class="panel-group" data-testid="history-mode">
        <Segments
          title="History server"
          group="history"
          options={historyModes}
          value={historyMode.value}
          onChoose={(name) => void setHistoryMode(name)}
        />
        <p class="panel-hint">
          {historyModes.find(({ name }) => name === historyMode.value)?.description ??
            'It cannot be reached.'}
        </p>
        <p class="panel-hint">
          Or stop it by hand: press <kbd>Ctrl</kbd> <kbd>C</kbd> where <code>npm run demo</code> runs, send a
          message, and start it again.
        </p>
      </div>
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
