/** The page at `/`: a latent in, its picture out, with what a program would have sent. */
import { render } from 'preact'
import { loadModels } from './playground/models.ts'
import { startSession } from './playground/session.ts'
import { App } from './playground/view/app.tsx'

startSession()
void loadModels()
const place = document.getElementById('playground')
if (place) render(<App />, place)
