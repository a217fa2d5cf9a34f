import './styles/tokens.css'
import './styles/base.css'
import './styles/controls.css'
import './styles/layout.css'
import './styles/thread.css'
import './styles/markdown.css'
import './styles/composer.css'
import './styles/panel.css'
import './styles/overlay.css'
import { render } from 'preact'
import { App } from './components/app.tsx'
import { startChat } from './page/start.ts'

const root = document.querySelector('#app')
if (root) render(<App />, root)
startChat()
