/** Why a backend is in its state, in words of our own: nothing that it said. */
import type { Cause } from '../pool/health-states.ts'
import type { BackendStatus } from '../pool/protocol.ts'

const CAUSES: Readonly<Record<Cause, string>> = {
  unreachable: 'no connection to its address can be made',
  'broke-off': 'connections to it break off before it answers',
  'bad-answers': 'it answers with errors, or with what was not asked for',
  timeouts: 'it does not answer in the time that its decodes should take',
  refused: 'it refuses the gateway or is gone; look at its url and its token',
  busy: 'it asks for time',
  asleep: 'it said that it is asleep',
}

/** Empty for a backend that serves as usual. */
export function describeHealth(health: BackendStatus['health'], cause: Cause | null): string {
  const because = cause ? `: ${CAUSES[cause]}` : ''
  switch (health) {
    case 'usable':
      return ''
    case 'slow-start':
      return 'It is just back and gets short jobs first.'
    case 'ejected':
      return `It was taken out for a while${because}.`
    case 'down':
      return `It is out of reach${because}.`
    case 'cold':
      return `It is asleep or starting${because}.`
    case 'half-open':
      return `It is to show with one small decode that it can serve${because && `. Before${because}`}.`
    case 'drained':
      return 'The operator has drained it: what runs may end, nothing new is sent.'
    case 'disabled':
      return 'The operator has disabled it.'
  }
}
