/** The page at `/dashboard`: pools, backends and keys at work, for who has the admin token. */
import { render } from 'preact'
import { startNaming } from './dashboard/names.ts'
import { loadPlotter } from './dashboard/plot.ts'
import { startSession, whenOpened } from './dashboard/session.ts'
import { App } from './dashboard/view/app.tsx'
import { startWatching } from './dashboard/watch.ts'

startSession()
startWatching()
startNaming()
whenOpened(() => void loadPlotter())
const place = document.getElementById('dashboard')
if (place) render(<App />, place)
